/*
title = "Where each cohort ended if only firm links are believed: as counted, as believed, and weighted"
grain = ["threshold", "cohort_ay", "population", "state_order"]
reads = ["population_member", "outcome_state", "learner_linkage"]
purposes = ["research", "participation"]
published = true
[columns]
threshold = "Only links of this probability or more are believed: 0.99, 0.95 or 0.90"
cohort_ay = "The academic year, by its end year, of Year 6"
population = "resident, attending, ever_y6_here or open"
state_order = "Order in which the states are tried"
state = "State at sixteen"
n = "Members of the population in this state, as the waterfall counts them"
n_members = "All members: the denominator of share"
n_believed = "Of those in the state, linked and by no link below the threshold"
n_all_believed = "All members who are believed: the denominator of share_believed"
n_weighted = "The believed of this state, each counted by its weight; empty where one of the population has none, as in a year without policy"
n_all_weighted = "All believed members, each counted by its weight: the denominator of share_weighted"
n_missing = "Members who are not believed: they stand alone, or a link of theirs is below the threshold"
share = "n / n_members"
share_believed = "n_believed / n_all_believed"
share_weighted = "n_weighted / n_all_weighted"
*/
with thresholds as (
    select threshold
    from (values (cast(0.99 as decimal(5, 4))), (cast(0.95 as decimal(5, 4))), (cast(0.90 as decimal(5, 4))))
        as listed(threshold)
),

members as (
    select
        thresholds.threshold,
        population_member.cohort_ay,
        population_member.population,
        population_member.state,
        learner_linkage.lowest_probability >= thresholds.threshold as is_believed,
        case thresholds.threshold when 0.99 then learner_linkage.weight_99
                                  when 0.95 then learner_linkage.weight_95
                                  else learner_linkage.weight_90 end as weight
    from population_member
    cross join thresholds
    left join learner_linkage on learner_linkage.learner_id = population_member.learner_id
),

frame as (
    select distinct members.threshold, members.cohort_ay, members.population, outcome_state.state_order, outcome_state.state
    from members
    cross join outcome_state
),

counts as (
    select
        threshold,
        cohort_ay,
        population,
        state,
        count(*) as n,
        count(*) filter (where is_believed) as n_believed,
        count(*) filter (where is_believed and weight is null) as n_without_weight,
        sum(weight) as n_weighted
    from members
    group by threshold, cohort_ay, population, state
),

filled as (
    select
        frame.threshold,
        frame.cohort_ay,
        frame.population,
        frame.state_order,
        frame.state,
        coalesce(counts.n, 0) as n,
        coalesce(counts.n_believed, 0) as n_believed,
        coalesce(counts.n_without_weight, 0) as n_without_weight,
        cast(coalesce(counts.n_weighted, 0) as decimal(18, 4)) as n_weighted
    from frame
    left join counts
        on counts.threshold = frame.threshold
       and counts.cohort_ay = frame.cohort_ay
       and counts.population = frame.population
       and counts.state = frame.state
),

totals as (
    select
        *,
        cast(sum(n) over (partition by threshold, cohort_ay, population) as bigint) as n_members,
        cast(sum(n_believed) over (partition by threshold, cohort_ay, population) as bigint) as n_all_believed,
        sum(n_without_weight) over (partition by threshold, cohort_ay, population) as n_all_without_weight,
        cast(sum(n_weighted) over (partition by threshold, cohort_ay, population) as decimal(18, 4)) as n_all_weighted
    from filled
),

final as (
    select
        threshold,
        cohort_ay,
        population,
        state_order,
        state,
        n,
        n_members,
        n_believed,
        n_all_believed,
        case when n_all_without_weight = 0 then n_weighted end as n_weighted,
        case when n_all_without_weight = 0 then n_all_weighted end as n_all_weighted,
        n_members - n_all_believed as n_missing,
        share_of(n, n_members) as share,
        share_of(n_believed, n_all_believed) as share_believed,
        case when n_all_without_weight = 0 then ratio_of_chances(n_weighted, n_all_weighted) end as share_weighted
    from totals
)

select * from final
