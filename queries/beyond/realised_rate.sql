/*
title = "High attainers at eleven whose promise was realised: by GCSEs, by another route, and the sum beside both"
grain = ["cohort_ay", "population", "disadvantage"]
reads = ["population_member", "realised_potential"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6"
population = "resident, attending, ever_y6_here or open"
disadvantage = "disadvantaged, other or not_known, as observed in Year 6"
n_members = "High attainers who count: the denominator of every rate here"
n_gcse = "By GCSEs: as in lost_potential"
n_other = "By another route and not by GCSEs"
n_partial = "By neither route, and one element of the other"
n_not_yet = "By neither route, and no element of the other"
n_unknown = "Of whom it cannot be told of one of the routes, or not yet: missing; not taken for not realised"
n_either = "n_gcse + n_other: the sum, which is no GCSE rate"
gcse_rate = "n_gcse / n_members: the published measure, nothing added"
gcse_low = "Lower end of its 95% interval"
gcse_high = "Upper end of its 95% interval"
other_rate = "n_other / n_members"
other_low = "Lower end of its 95% interval"
other_high = "Upper end of its 95% interval"
either_rate = "n_either / n_members"
either_low = "Lower end of its 95% interval"
either_high = "Upper end of its 95% interval"
either_upper = "(n_either + n_unknown) / n_members: as if all of whom it cannot be told had realised it"
*/
with counts as (
    select
        population_member.cohort_ay,
        population_member.population,
        case when population_member.dis_y6 then 'disadvantaged' when not population_member.dis_y6 then 'other' else 'not_known' end as disadvantage,
        count(*) as n_members,
        count(*) filter (where realised_potential.category = 'realised_gcse') as n_gcse,
        count(*) filter (where realised_potential.category = 'realised_other') as n_other,
        count(*) filter (where realised_potential.category = 'partial') as n_partial,
        count(*) filter (where realised_potential.category = 'not_yet') as n_not_yet,
        count(*) filter (where realised_potential.category = 'unknown') as n_unknown
    from population_member
    inner join realised_potential on realised_potential.learner_id = population_member.learner_id
    where population_member.is_counted
    group by
        population_member.cohort_ay,
        population_member.population,
        case when population_member.dis_y6 then 'disadvantaged' when not population_member.dis_y6 then 'other' else 'not_known' end
),

final as (
    select
        cohort_ay,
        population,
        disadvantage,
        n_members,
        n_gcse,
        n_other,
        n_partial,
        n_not_yet,
        n_unknown,
        n_gcse + n_other as n_either,
        share_of(n_gcse, n_members) as gcse_rate,
        wilson_low(n_gcse, n_members) as gcse_low,
        wilson_high(n_gcse, n_members) as gcse_high,
        share_of(n_other, n_members) as other_rate,
        wilson_low(n_other, n_members) as other_low,
        wilson_high(n_other, n_members) as other_high,
        share_of(n_gcse + n_other, n_members) as either_rate,
        wilson_low(n_gcse + n_other, n_members) as either_low,
        wilson_high(n_gcse + n_other, n_members) as either_high,
        share_of(n_gcse + n_other + n_unknown, n_members) as either_upper
    from counts
)

select * from final
