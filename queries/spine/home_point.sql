/*
title = "Days on which something says which authority a learner lives in"
grain = ["learner_id", "observed_on"]
reads = ["stg_learner", "stg_destination", "stg_off_roll", "build_context"]
materialise = "view"
[columns]
learner_id = "Pseudonym of the learner"
observed_on = "The day it was true"
home_la = "The authority, three digits"
home_evidence = "register: home or missing education register; transfer: handed over between authorities; address"
*/
with addresses as (
    select
        stg_learner.learner_id,
        coalesce(stg_learner.observed_on, build_context.as_of) as observed_on,
        stg_learner.home_la,
        'address' as home_evidence,
        3 as trust
    from stg_learner
    cross join build_context
    where stg_learner.home_la is not null
      and (stg_learner.observed_on <= build_context.as_of or stg_learner.observed_on is null)
),

transfers as (
    select learner_id, starts_on as observed_on, transferred_to_la as home_la, 'transfer' as home_evidence, 2 as trust
    from stg_destination
    where transferred_to_la is not null
),

-- A register that closes because the family moved says where to, from the next day.
moves as (
    select learner_id, add_days(ends_on, 1) as observed_on, moved_to_la as home_la, 'register' as home_evidence, 1 as trust
    from stg_off_roll
    where end_reason = 'moved_la'
      and moved_to_la is not null
),

points as (
    select * from addresses
    union all
    select * from transfers
    union all
    select * from moves
),

ranked_points as (
    select
        points.learner_id, points.observed_on, points.home_la, points.home_evidence,
        row_number() over (
            partition by points.learner_id, points.observed_on
            order by points.trust asc nulls last, points.home_la desc nulls last
        ) as place
    from points
    cross join build_context
    where points.observed_on <= build_context.as_of
),

final as (
    select learner_id, observed_on, home_la, home_evidence
    from ranked_points
    where place = 1
)

select * from final
