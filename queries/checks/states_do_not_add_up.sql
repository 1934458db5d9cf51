/*
title = "Populations whose states do not add up to their members: there must be none"
grain = ["cohort_ay", "population"]
reads = ["attrition_waterfall", "cohort_member", "cohort_outcome"]
*/
with followed_up as (
    select cohort_member.cohort_ay, cohort_member.resident, cohort_member.attending, cohort_member.ever_y6_here
    from cohort_member
    inner join cohort_outcome on cohort_outcome.learner_id = cohort_member.learner_id
    where cohort_outcome.state <> 'not_yet_16'
),

members as (
    select cohort_ay, 'open' as population, count(*) as n_members
    from followed_up
    group by cohort_ay
    union all
    select cohort_ay, 'resident' as population, count(*) filter (where resident) as n_members
    from followed_up
    group by cohort_ay
    union all
    select cohort_ay, 'attending' as population, count(*) filter (where attending) as n_members
    from followed_up
    group by cohort_ay
    union all
    select cohort_ay, 'ever_y6_here' as population, count(*) filter (where ever_y6_here) as n_members
    from followed_up
    group by cohort_ay
),

states as (
    select cohort_ay, population, sum(n) as n_in_states
    from attrition_waterfall
    where state <> 'withheld'
    group by cohort_ay, population
),

final as (
    select members.cohort_ay, members.population, members.n_members, states.n_in_states
    from members
    left join states
        on states.cohort_ay = members.cohort_ay
       and states.population = members.population
    where states.n_in_states is distinct from members.n_members
)

select * from final
