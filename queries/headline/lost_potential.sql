/*
title = "High attainers at eleven: what became of them, seen and unseen"
grain = ["cohort_ay", "population", "disadvantage"]
reads = ["population_member", "cohort_outcome"]
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
        cohort_ay,
        population,
        case when dis_y6 then 'disadvantaged' when not dis_y6 then 'other' else 'not_known' end as disadvantage,
        count(*) as n_members,
        count(*) filter (where result_state = 'ks4_results') as n_with_results,
        count(*) filter (where five_gcse_7_9) as n_achieved,
        count(*) filter (where visible) as n_visible
    from population_member
    where ks2_band = 'high'
      and is_counted
    group by cohort_ay, population, case when dis_y6 then 'disadvantaged' when not dis_y6 then 'other' else 'not_known' end
),

filled as (
    select
        frame.cohort_ay,
        frame.population,
        frame.disadvantage,
        coalesce(counts.n_members, 0) as n_members,
        coalesce(counts.n_with_results, 0) as n_with_results,
        coalesce(counts.n_achieved, 0) as n_achieved,
        coalesce(counts.n_visible, 0) as n_visible
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
        case when filled.disadvantage = 'disadvantaged' and filled.n_members > 0
             then cast(share_of(others.n_achieved * filled.n_members, others.n_members) - filled.n_achieved as decimal(9, 4))
        end as lost_potential
    from filled
    inner join others
        on others.cohort_ay = filled.cohort_ay
       and others.population = filled.population
)

select * from final
