/*
title = "Rows about where a learner was that end before they start, and are therefore left out"
grain = ["entity", "source", "feed", "row_key"]
reads = ["stg_enrolment", "stg_placement", "stg_off_roll"]
*/
with dated as (
    select 'enrolment' as entity, learner_id, starts_on, coalesce(ends_on, observed_on) as ends_on, source, feed, row_key
    from stg_enrolment
    union all
    select 'placement' as entity, learner_id, starts_on, ends_on, source, feed, row_key
    from stg_placement
    union all
    select 'off_roll' as entity, learner_id, starts_on, ends_on, source, feed, row_key
    from stg_off_roll
),

final as (
    select entity, learner_id, starts_on, ends_on, source, feed, row_key
    from dated
    where ends_on < starts_on
)

select * from final
