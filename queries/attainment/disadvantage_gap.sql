/*
title = "The disadvantage gap index: how much higher others rank, from 0 for no gap to 10"
grain = ["ay", "stage", "population", "scope"]
reads = ["cohort_member", "ks4_result", "code_establishment_kind"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ay = "The academic year, by its end year, of the tests or results"
stage = "ks2: reading and maths at eleven, disadvantage of Year 6; ks4: English and maths at sixteen, disadvantage of Year 11"
population = "attending or resident on the January census day of the year; open: every learner of the cohort year"
scope = "all; or without_ap: as some publish it, without those at alternative provision on that day (ks2: first seen there)"
n_disadvantaged = "Disadvantaged learners with a score"
n_other = "Others with a score"
n_missing_score = "Learners whose disadvantage is known and whose score is not: in no rank"
n_missing_disadvantage = "Learners whose disadvantage is not known: in no rank"
share_disadvantaged = "n_disadvantaged / (n_disadvantaged + n_other): the index moves when the group does"
mean_rank_disadvantaged = "Mean mid-rank of the disadvantaged, from 0 to 1"
mean_rank_other = "Mean mid-rank of the others"
gap_index = "20 x (mean_rank_other - mean_rank_disadvantaged)"
gap_low = "Lower end of its 95% interval"
gap_high = "Upper end of its 95% interval"
auc = "Chance that one of the others ranks above one of the disadvantaged, ties counting half"
*/
with scores as (
    select
        cohort_member.cohort_ay as ay,
        'ks2' as stage,
        cohort_member.attending,
        cohort_member.resident,
        cohort_member.entry_basis = 'ap' as is_ap,
        cohort_member.dis_y6 as disadvantaged,
        cohort_member.ks2_score as score
    from cohort_member
    where cohort_member.ks2_state not in ('covid', 'no_rule_for_year')
    union all
    select
        ks4_result.ks4_ay as ay,
        'ks4' as stage,
        ks4_result.attending,
        ks4_result.resident,
        coalesce(code_establishment_kind.family = 'ap', false) as is_ap,
        ks4_result.disadvantaged,
        ks4_result.english_maths as score
    from ks4_result
    left join code_establishment_kind on code_establishment_kind.code = ks4_result.kind
    where ks4_result.in_denominator
),

members as (
    select
        scores.ay,
        scores.stage,
        populations.population,
        scopes.scope,
        scores.disadvantaged,
        scores.score
    from scores
    cross join (values ('attending'), ('resident'), ('open')) as populations(population)
    cross join (values ('all'), ('without_ap')) as scopes(scope)
    where case populations.population when 'attending' then scores.attending
                                      when 'resident' then scores.resident
                                      else true end
      and (scopes.scope = 'all' or not scores.is_ap)
),

-- A mid-rank: those who are equal share the middle of their places. Kept as twice the rank, a whole number.
ranked as (
    select
        ay,
        stage,
        population,
        scope,
        disadvantaged,
        2 * rank() over (partition by ay, stage, population, scope order by score asc nulls last)
            + count(*) over (partition by ay, stage, population, scope, score) - 2 as twice_rank
    from members
    where score is not null
      and disadvantaged is not null
),

sums as (
    select
        ay,
        stage,
        population,
        scope,
        count(*) as n,
        count(*) filter (where disadvantaged) as n_disadvantaged,
        count(*) filter (where not disadvantaged) as n_other,
        coalesce(sum(twice_rank) filter (where disadvantaged), 0) as sum_disadvantaged,
        coalesce(sum(twice_rank) filter (where not disadvantaged), 0) as sum_other
    from ranked
    group by ay, stage, population, scope
),

missing as (
    select
        ay,
        stage,
        population,
        scope,
        count(*) filter (where disadvantaged is not null and score is null) as n_missing_score,
        count(*) filter (where disadvantaged is null) as n_missing_disadvantage
    from members
    group by ay, stage, population, scope
),

indexed as (
    select
        missing.ay,
        missing.stage,
        missing.population,
        missing.scope,
        coalesce(sums.n_disadvantaged, 0) as n_disadvantaged,
        coalesce(sums.n_other, 0) as n_other,
        missing.n_missing_score,
        missing.n_missing_disadvantage,
        sums.sum_disadvantaged,
        sums.sum_other,
        sums.n,
        sums.sum_other * sums.n_disadvantaged - sums.sum_disadvantaged * sums.n_other as rank_sum,
        sums.n * sums.n_other * sums.n_disadvantaged as under
    from missing
    left join sums
        on sums.ay = missing.ay
       and sums.stage = missing.stage
       and sums.population = missing.population
       and sums.scope = missing.scope
),

final as (
    select
        ay,
        stage,
        population,
        scope,
        n_disadvantaged,
        n_other,
        n_missing_score,
        n_missing_disadvantage,
        share_of(n_disadvantaged, n_disadvantaged + n_other) as share_disadvantaged,
        ratio_of(sum_disadvantaged, 2 * n * n_disadvantaged) as mean_rank_disadvantaged,
        ratio_of(sum_other, 2 * n * n_other) as mean_rank_other,
        ratio_of(10 * rank_sum, under) as gap_index,
        case when under > 0 then cast(round(greatest(-1e1, 1e1 * rank_sum / nullif(under, 0) - 2e1 * auc_half_width(0.5e0 + 0.5e0 * rank_sum / nullif(under, 0), n_other, n_disadvantaged)), 4) as decimal(9, 4)) end as gap_low,
        case when under > 0 then cast(round(least(1e1, 1e1 * rank_sum / nullif(under, 0) + 2e1 * auc_half_width(0.5e0 + 0.5e0 * rank_sum / nullif(under, 0), n_other, n_disadvantaged)), 4) as decimal(9, 4)) end as gap_high,
        ratio_of(under + rank_sum, 2 * under) as auc
    from indexed
)

select * from final
