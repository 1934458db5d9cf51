/*
title = "What each member was doing in the January after sixteen, and the one after that"
grain = ["learner_id"]
reads = ["cohort_member", "stg_destination", "code_nccis_activity", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
destination_16 = "Status group on 31 January half a year after the end of Year 11; no_record, or not_due"
destination_17 = "The same a year later"
seen_after_16 = "Any known activity that began after Year 11"
*/
with due_days as (
    select cohort_member.learner_id, which.age, date_of(cohort_member.cohort_ay + 5 + which.age - 15, 1, 31) as day
    from cohort_member
    cross join (values (16), (17)) as which(age)
),

activities as (
    select
        stg_destination.learner_id,
        stg_destination.starts_on,
        stg_destination.ends_on,
        stg_destination.activity,
        coalesce(code_nccis_activity.status_group, 'not_known') as status_group
    from stg_destination
    left join code_nccis_activity
        on code_nccis_activity.code = stg_destination.activity
       and (code_nccis_activity.valid_from is null or code_nccis_activity.valid_from <= stg_destination.starts_on)
       and (code_nccis_activity.valid_to is null or code_nccis_activity.valid_to > stg_destination.starts_on)
),

-- Of several in force on the day the latest to start is the one.
in_force as (
    select
        due_days.learner_id,
        due_days.age,
        activities.status_group,
        row_number() over (
            partition by due_days.learner_id, due_days.age
            order by activities.starts_on desc nulls last, activities.activity asc nulls last, activities.ends_on desc nulls first
        ) as place
    from due_days
    inner join activities
        on activities.learner_id = due_days.learner_id
       and activities.starts_on <= due_days.day
       and (activities.ends_on is null or activities.ends_on >= due_days.day)
),

destinations as (
    select
        due_days.learner_id,
        due_days.age,
        case when due_days.day > build_context.as_of then 'not_due'
             else coalesce(in_force.status_group, 'no_record')
        end as destination
    from due_days
    cross join build_context
    left join in_force
        on in_force.learner_id = due_days.learner_id
       and in_force.age = due_days.age
       and in_force.place = 1
),

sightings as (
    select distinct cohort_member.learner_id
    from cohort_member
    inner join activities on activities.learner_id = cohort_member.learner_id
    where activities.starts_on > year_ends_on(cohort_member.cohort_ay + 5)
      and activities.status_group <> 'not_known'
),

final as (
    select
        destinations.learner_id,
        max(case when destinations.age = 16 then destinations.destination end) as destination_16,
        max(case when destinations.age = 17 then destinations.destination end) as destination_17,
        count(sightings.learner_id) > 0 as seen_after_16
    from destinations
    left join sightings on sightings.learner_id = destinations.learner_id
    group by destinations.learner_id
)

select * from final
