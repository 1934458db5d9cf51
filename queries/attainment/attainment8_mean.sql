/*
title = "Mean Attainment 8, and Progress 8 in the years that have it"
grain = ["ks4_ay", "population", "disadvantage", "measure"]
reads = ["ks4_member", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ks4_ay = "The academic year, by its end year, of Year 11"
population = "attending or resident on the January census day of Year 11; open: every learner of the cohort year"
disadvantage = "all, disadvantaged, other or not_known, as seen in Year 11"
measure = "attainment8 (best entries), attainment8_first (as tables count) or progress8"
n_members = "Everybody at the end of key stage 4"
n_missing = "Of them those whose points are not known"
n_known = "Of them those whose points are: the denominator"
total = "Sum of the points: the numerator"
mean = "total / n_known"
mean_low = "Lower end of its 95% interval; of progress8 as published, from the national spread of pupils"
mean_high = "Upper end of its 95% interval"
*/
with answers as (
    select
        ks4_member.ks4_ay,
        ks4_member.population,
        ks4_member.disadvantage,
        measures.measure,
        cast(case measures.measure
            when 'attainment8' then ks4_member.attainment8
            when 'attainment8_first' then ks4_member.attainment8_first
            when 'progress8' then ks4_member.progress8
        end as decimal(9, 3)) as points
    from ks4_member
    cross join (values ('attainment8'), ('attainment8_first'), ('progress8')) as measures(measure)
    where case measures.measure
              when 'progress8' then ks4_member.progress8_state not in ('not_published', 'no_rule_for_year')
              else ks4_member.attainment8_state <> 'no_rule_for_year'
          end
),

sums as (
    select
        ks4_ay,
        population,
        disadvantage,
        measure,
        count(*) as n_members,
        count(points) as n_known,
        coalesce(sum(points), 0) as total,
        coalesce(sum(points * points), 0) as squares
    from answers
    group by ks4_ay, population, disadvantage, measure
),

sigmas as (
    select ay, max(value) as sigma
    from policy
    where parameter = 'progress8_sigma'
    group by ay
),

-- The interval of Progress 8 is the published one: 1.96 national standard deviations over the root of the number.
widths as (
    select
        sums.*,
        case when sums.measure = 'progress8' then 1.96e0 * sigmas.sigma / sqrt(nullif(sums.n_known, 0))
             else mean_half_width(sums.n_known, sums.total, sums.squares)
        end as half_width,
        ratio_of(cast(sums.total * 1000 as bigint), 1000 * sums.n_known) as mean
    from sums
    left join sigmas on sigmas.ay = sums.ks4_ay
),

final as (
    select
        ks4_ay,
        population,
        disadvantage,
        measure,
        n_members,
        n_members - n_known as n_missing,
        n_known,
        cast(total as decimal(18, 3)) as total,
        mean,
        cast(round(mean - half_width, 4) as decimal(9, 4)) as mean_low,
        cast(round(mean + half_width, 4) as decimal(9, 4)) as mean_high
    from widths
)

select * from final
