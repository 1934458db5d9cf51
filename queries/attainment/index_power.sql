/*
title = "How well each measure of disadvantage tells who will not reach the basics, among pupils of like starting point"
grain = ["ks4_ay", "population", "measure"]
reads = ["ks4_result", "baseline", "circumstance_year"]
[columns]
ks4_ay = "The academic year, by its end year, of Year 11"
population = "attending or resident on the January census day of Year 11"
measure = "ever6: meals in six years; duration: share of the terms seen; index: the continuous index, at least"
n_known = "Pupils of whom the result, the band at eleven and all three measures are known"
n_missing = "Pupils of whom one of them is not"
n_pairs = "Pairs of one band, one without the basics and one with"
twice_right = "Twice the pairs in which the one without has more of the measure, ties once"
auc = "twice_right / twice n_pairs: a half where it tells nothing"
*/
with members as (
    select
        ks4_result.ks4_ay,
        populations.population,
        ks4_result.basics_9_4 in ('not_achieved', 'not_entered') as is_without,
        baseline.ks4_prior_band as band,
        cast(case when circumstance_year.ever6_any then 1 when not circumstance_year.ever6_any then 0 end as decimal(9, 4)) as ever6,
        cast(circumstance_year.fsm_share as decimal(9, 4)) as duration,
        cast(circumstance_year.ddi_low as decimal(9, 4)) as ddi,
        ks4_result.basics_9_4 in ('achieved', 'not_achieved', 'not_entered')
            and baseline.ks4_prior_band is not null
            and circumstance_year.ever6_any is not null
            and circumstance_year.fsm_share is not null
            and circumstance_year.ddi_low is not null as is_known
    from ks4_result
    cross join (values ('attending'), ('resident')) as populations(population)
    left join baseline on baseline.learner_id = ks4_result.learner_id
    left join circumstance_year
        on circumstance_year.learner_id = ks4_result.learner_id
       and circumstance_year.ay = ks4_result.ks4_ay
    where ks4_result.in_denominator
      and case populations.population when 'attending' then ks4_result.attending else ks4_result.resident end
),

totals as (
    select
        ks4_ay,
        population,
        count(*) filter (where is_known) as n_known,
        count(*) filter (where not is_known) as n_missing
    from members
    group by ks4_ay, population
),

measured as (
    select
        members.ks4_ay,
        members.population,
        measures.measure,
        members.band,
        case measures.measure when 'ever6' then members.ever6 when 'duration' then members.duration else members.ddi end as value,
        count(*) filter (where members.is_without) as n_without,
        count(*) filter (where not members.is_without) as n_with
    from members
    cross join (values ('ever6'), ('duration'), ('index')) as measures(measure)
    where members.is_known
    group by members.ks4_ay, members.population, measures.measure, members.band,
             case measures.measure when 'ever6' then members.ever6 when 'duration' then members.duration else members.ddi end
),

cumulated as (
    select
        *,
        sum(n_with) over (
            partition by ks4_ay, population, measure, band order by value asc nulls last
            rows between unbounded preceding and current row
        ) as n_with_up_to,
        sum(n_without) over (
            partition by ks4_ay, population, measure, band order by value asc nulls last
            rows between unbounded preceding and unbounded following
        ) as n_without_in_band
    from measured
),

sums as (
    select
        ks4_ay,
        population,
        measure,
        sum(n_without * (2 * n_with_up_to - n_with)) as twice_right,
        sum(n_with * n_without_in_band) as n_pairs
    from cumulated
    group by ks4_ay, population, measure
),

final as (
    select
        sums.ks4_ay,
        sums.population,
        sums.measure,
        totals.n_known,
        totals.n_missing,
        cast(sums.n_pairs as bigint) as n_pairs,
        cast(sums.twice_right as bigint) as twice_right,
        ratio_of(cast(sums.twice_right as bigint), cast(2 * sums.n_pairs as bigint)) as auc
    from sums
    inner join totals
        on totals.ks4_ay = sums.ks4_ay
       and totals.population = sums.population
)

select * from final
