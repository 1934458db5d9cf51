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

-- Of several in force on a day the latest to start is the one: which of two goes before is the same on every day.
ordered as (
    select
        *,
        row_number() over (
            partition by learner_id
            order by starts_on desc nulls last, activity asc nulls last, ends_on desc nulls first
        ) as place
    from activities
),

in_force as (
    select
        days.learner_id,
        days.age,
        days.day,
        days.last_day,
        min(ordered.place) as place
    from days
    left join ordered
        on ordered.learner_id = days.learner_id
       and ordered.starts_on <= days.day
       and (ordered.ends_on is null or ordered.ends_on >= days.day)
    group by days.learner_id, days.age, days.day, days.last_day
),

counts as (
    select
        in_force.learner_id,
        in_force.age,
        in_force.last_day,
        count(*) filter (where ordered.status_group in ('participating', 'employment_not_participating')) as n_kept,
        count(*) filter (where ordered.status_group in ('neet', 'custody')) as n_out,
        max(case when month(in_force.day) = 11 then ordered.status_group end) as on_1_november,
        max(case when month(in_force.day) = 11 then in_force.day end) as november
    from in_force
    left join ordered
        on ordered.learner_id = in_force.learner_id
       and ordered.place = in_force.place
    group by in_force.learner_id, in_force.age, in_force.last_day
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
