/*
title = "High attainers at eleven: what became of them, seen and unseen"
grain = ["cohort_ay", "population", "disadvantage"]
reads = ["population_member", "cohort_outcome", "ks4_result"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6"
population = "resident, attending, ever_y6_here or open"
disadvantage = "disadvantaged, other or not_known, as observed in Year 6"
outcome = "What counts as achieved: five or more GCSEs at grade 7 to 9"
n_members = "High attainers who count"
n_with_results = "Of them with key stage 4 results"
n_missing = "Of them without: what is missing from observed, and counts in whole_cohort as not achieved and in upper as achieved"
n_achieved = "Of them with the outcome"
n_visible = "Of them with any record of an outcome"
observed = "n_achieved / n_with_results: what results alone would show"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end of its 95% interval"
whole_cohort = "n_achieved / n_members: a lower bound, unknown counts as not achieved"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end of its 95% interval"
upper = "As if all without results had achieved it: an upper bound"
visibility = "n_visible / n_members"
visibility_low = "Lower end of its 95% interval"
visibility_high = "Upper end of its 95% interval"
n_with_points = "Of n_members those whose Attainment 8 is known, nought for who has no entry that counts: the denominator of mean_points; none in a year without a rule"
points = "Sum of their points, best entries: the numerator"
mean_points = "points / n_with_points: mean Attainment 8"
mean_points_low = "Lower end of its 95% interval"
mean_points_high = "Upper end of its 95% interval"
mean_points_least = "points / n_members: a lower bound, unknown counts as nought; empty in a year without a rule"
lost_potential = "How many more disadvantaged high attainers would have achieved it at the rate of the others"
*/
with frame as (
    select years.cohort_ay, populations.population, disadvantages.disadvantage
    from (select distinct cohort_ay from cohort_outcome where state <> 'not_yet_16') as years
    cross join (values ('resident'), ('attending'), ('ever_y6_here'), ('open')) as populations(population)
    cross join (values ('disadvantaged'), ('other'), ('not_known')) as disadvantages(disadvantage)
),

counts as (
    select
        population_member.cohort_ay,
        population_member.population,
        case when population_member.dis_y6 then 'disadvantaged'
             when not population_member.dis_y6 then 'other'
             else 'not_known'
        end as disadvantage,
        count(*) as n_members,
        count(*) filter (where population_member.result_state = 'ks4_results') as n_with_results,
        count(*) filter (where population_member.five_gcse_7_9) as n_achieved,
        count(*) filter (where population_member.visible) as n_visible,
        count(ks4_result.attainment8) as n_with_points,
        sum(ks4_result.attainment8) as points,
        sum(ks4_result.attainment8 * ks4_result.attainment8) as squares
    from population_member
    left join ks4_result on ks4_result.learner_id = population_member.learner_id
    where population_member.ks2_band = 'high'
      and population_member.is_counted
    group by
        population_member.cohort_ay,
        population_member.population,
        case when population_member.dis_y6 then 'disadvantaged' when not population_member.dis_y6 then 'other' else 'not_known' end
),

filled as (
    select
        frame.cohort_ay,
        frame.population,
        frame.disadvantage,
        coalesce(counts.n_members, 0) as n_members,
        coalesce(counts.n_with_results, 0) as n_with_results,
        coalesce(counts.n_achieved, 0) as n_achieved,
        coalesce(counts.n_visible, 0) as n_visible,
        coalesce(counts.n_with_points, 0) as n_with_points,
        counts.points,
        counts.squares
    from frame
    left join counts
        on counts.cohort_ay = frame.cohort_ay
       and counts.population = frame.population
       and counts.disadvantage = frame.disadvantage
),

others as (
    select cohort_ay, population, n_members, n_achieved
    from filled
    where disadvantage = 'other'
),

final as (
    select
        filled.cohort_ay,
        filled.population,
        filled.disadvantage,
        'five_gcse_7_9' as outcome,
        filled.n_members,
        filled.n_with_results,
        filled.n_members - filled.n_with_results as n_missing,
        filled.n_achieved,
        filled.n_visible,
        share_of(filled.n_achieved, filled.n_with_results) as observed,
        wilson_low(filled.n_achieved, filled.n_with_results) as observed_low,
        wilson_high(filled.n_achieved, filled.n_with_results) as observed_high,
        share_of(filled.n_achieved, filled.n_members) as whole_cohort,
        wilson_low(filled.n_achieved, filled.n_members) as whole_cohort_low,
        wilson_high(filled.n_achieved, filled.n_members) as whole_cohort_high,
        share_of(filled.n_achieved + filled.n_members - filled.n_with_results, filled.n_members) as upper,
        share_of(filled.n_visible, filled.n_members) as visibility,
        wilson_low(filled.n_visible, filled.n_members) as visibility_low,
        wilson_high(filled.n_visible, filled.n_members) as visibility_high,
        filled.n_with_points,
        cast(filled.points as decimal(18, 2)) as points,
        ratio_of(cast(filled.points * 100 as bigint), 100 * filled.n_with_points) as mean_points,
        cast(round(ratio_of(cast(filled.points * 100 as bigint), 100 * filled.n_with_points)
                   - mean_half_width(filled.n_with_points, filled.points, filled.squares), 4) as decimal(9, 4)) as mean_points_low,
        cast(round(ratio_of(cast(filled.points * 100 as bigint), 100 * filled.n_with_points)
                   + mean_half_width(filled.n_with_points, filled.points, filled.squares), 4) as decimal(9, 4)) as mean_points_high,
        ratio_of(cast(filled.points * 100 as bigint), 100 * filled.n_members) as mean_points_least,
        case when filled.disadvantage = 'disadvantaged' and filled.n_members > 0
             then cast(share_of(others.n_achieved * filled.n_members, others.n_members) - filled.n_achieved as decimal(9, 4))
        end as lost_potential
    from filled
    inner join others
        on others.cohort_ay = filled.cohort_ay
       and others.population = filled.population
)

select * from final
