/*
title = "Whether a member kept in education or work from October to March, in each of the two years after Year 11"
grain = ["learner_id", "age"]
reads = ["cohort_member", "stg_destination", "code_nccis_activity", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
age = "16 or 17"
sustained = "sustained, not_sustained, unknown, or not_due until March is over"
on_1_november = "Status group on 1 November; no_record or not_due"
*/
-- Seven days stand for six months: the first of each month from October to March, and the end of March.
with days as (
    select
        cohort_member.learner_id,
        ages.age,
        date_of(cohort_member.cohort_ay + ages.age - 11 + steps.year_after, steps.month_no, steps.day_no) as day,
        date_of(cohort_member.cohort_ay + ages.age - 10, 3, 31) as last_day
    from cohort_member
    cross join (values (16), (17)) as ages(age)
    cross join (values (0, 10, 1), (0, 11, 1), (0, 12, 1), (1, 1, 1), (1, 2, 1), (1, 3, 1), (1, 3, 31)) as steps(year_after, month_no, day_no)
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
        days.learner_id,
        days.age,
        days.day,
        activities.status_group,
        row_number() over (
            partition by days.learner_id, days.age, days.day
            order by activities.starts_on desc nulls last, activities.activity asc nulls last, activities.ends_on desc nulls first
        ) as place
    from days
    inner join activities
        on activities.learner_id = days.learner_id
       and activities.starts_on <= days.day
       and (activities.ends_on is null or activities.ends_on >= days.day)
),

counts as (
    select
        days.learner_id,
        days.age,
        days.last_day,
        count(*) filter (where in_force.status_group in ('participating', 'employment_not_participating')) as n_kept,
        count(*) filter (where in_force.status_group in ('neet', 'custody')) as n_out,
        max(case when month(days.day) = 11 then in_force.status_group end) as on_1_november,
        max(case when month(days.day) = 11 then days.day end) as november
    from days
    left join in_force
        on in_force.learner_id = days.learner_id
       and in_force.age = days.age
       and in_force.day = days.day
       and in_force.place = 1
    group by days.learner_id, days.age, days.last_day
),

final as (
    select
        counts.learner_id,
        counts.age,
        case when counts.last_day > build_context.as_of then 'not_due'
             when counts.n_kept = 7 then 'sustained'
             when counts.n_out > 0 then 'not_sustained'
             else 'unknown'
        end as sustained,
        case when counts.november > build_context.as_of then 'not_due' else coalesce(counts.on_1_november, 'no_record') end as on_1_november
    from counts
    cross join build_context
)

select * from final
