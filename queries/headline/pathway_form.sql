/*
title = "The commonest ways through the Januaries from Year 6 to Year 11"
grain = ["cohort_ay", "population", "pathway"]
reads = ["population_member", "pathway"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6: cohorts that have been followed up"
population = "resident, attending, ever_y6_here or open, as in the waterfall"
pathway = "Settings in their order"
place = "1 is the commonest; those that are as common share a place"
n = "Members who went this way: the numerator"
n_members = "Members who count: the denominator"
share = "n / n_members"
share_low = "Lower end of its 95% interval"
share_high = "Upper end of its 95% interval"
has_not_known = "Whether a part of the way is not known: these are the missing"
*/
with counts as (
    select
        population_member.cohort_ay,
        population_member.population,
        pathway.pathway,
        count(*) as n,
        max(case when 'not_known' in (pathway.setting_y6, pathway.setting_y7, pathway.setting_y8,
                                      pathway.setting_y9, pathway.setting_y10, pathway.setting_y11) then 1 else 0 end) = 1 as has_not_known
    from population_member
    inner join pathway on pathway.learner_id = population_member.learner_id
    where population_member.is_counted
    group by population_member.cohort_ay, population_member.population, pathway.pathway
),

placed as (
    select
        *,
        rank() over (partition by cohort_ay, population order by n desc nulls last) as place,
        sum(n) over (partition by cohort_ay, population
                     rows between unbounded preceding and unbounded following) as n_members
    from counts
),

final as (
    select
        cohort_ay,
        population,
        pathway,
        place,
        n,
        cast(n_members as bigint) as n_members,
        share_of(n, n_members) as share,
        wilson_low(n, n_members) as share_low,
        wilson_high(n, n_members) as share_high,
        has_not_known
    from placed
)

select * from final
