/*
title = "Where everyone went: each cohort, each population, each state, zeros too"
grain = ["cohort_ay", "population", "state_order"]
reads = ["population_member", "cohort_outcome", "outcome_state", "withheld_count"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6"
population = "resident, attending, ever_y6_here or open"
state_order = "Order in which the states are tried"
state = "State at sixteen; withheld, in the open cohort alone, for those who objected and are only counted"
n = "Members of the population in this state"
n_disadvantaged = "Of them disadvantaged in Year 6"
n_high_attainers = "Of them in the top third at key stage 2"
n_denominator = "Members of the population who count"
share = "n / n_denominator; empty for a state that does not count. No interval: everybody is counted and nobody is drawn; of whom nothing is known are the members in not_found"
*/
with cohort_years as (
    select distinct cohort_ay
    from cohort_outcome
    where state <> 'not_yet_16'
),

frame as (
    select cohort_years.cohort_ay, populations.population, outcome_state.state_order, outcome_state.state
    from cohort_years
    cross join (values ('resident'), ('attending'), ('ever_y6_here'), ('open')) as populations(population)
    cross join outcome_state
),

counts as (
    select
        cohort_ay,
        population,
        state,
        count(*) as n,
        count(*) filter (where dis_y6) as n_disadvantaged,
        count(*) filter (where ks2_band = 'high') as n_high_attainers
    from population_member
    group by cohort_ay, population, state
),

denominators as (
    select cohort_ay, population, count(*) as n_denominator
    from population_member
    where is_counted
    group by cohort_ay, population
),

filled as (
    select
        frame.cohort_ay,
        frame.population,
        frame.state_order,
        frame.state,
        coalesce(counts.n, 0) as n,
        coalesce(counts.n_disadvantaged, 0) as n_disadvantaged,
        coalesce(counts.n_high_attainers, 0) as n_high_attainers,
        coalesce(denominators.n_denominator, 0) as n_denominator
    from frame
    left join counts
        on counts.cohort_ay = frame.cohort_ay
       and counts.population = frame.population
       and counts.state = frame.state
    left join denominators
        on denominators.cohort_ay = frame.cohort_ay
       and denominators.population = frame.population
),

-- Those who objected are only counted: nobody knows what else they were. They stand in the open cohort, where there are any.
objected as (
    select
        cohort_years.cohort_ay,
        'open' as population,
        cast(17 as integer) as state_order,
        'withheld' as state,
        withheld_count.learners as n,
        cast(0 as bigint) as n_disadvantaged,
        cast(0 as bigint) as n_high_attainers,
        coalesce(denominators.n_denominator, 0) as n_denominator
    from cohort_years
    inner join withheld_count on withheld_count.cohort_ay = cohort_years.cohort_ay
    left join denominators
        on denominators.cohort_ay = cohort_years.cohort_ay
       and denominators.population = 'open'
),

listed as (
    select cohort_ay, population, state_order, state, n, n_disadvantaged, n_high_attainers, n_denominator
    from filled
    union all
    select cohort_ay, population, state_order, state, n, n_disadvantaged, n_high_attainers, n_denominator
    from objected
),

final as (
    select
        cohort_ay,
        population,
        state_order,
        state,
        n,
        n_disadvantaged,
        n_high_attainers,
        n_denominator,
        case when state in ('died', 'left_england', 'withheld') then null
             when state = 'moved_out_of_area' and population = 'resident' then null
             else share_of(n, n_denominator)
        end as share
    from listed
)

select * from final
