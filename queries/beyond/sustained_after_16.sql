/*
title = "Whether a member kept in education or work from October to March, in each of the two years after Year 11"
grain = ["learner_id", "age"]
reads = ["cohort_member", "stg_destination", "code_nccis_activity", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
age = "16 or 17"
sustained = "sustained: in education or work at all six month ends, or at work at five; not_sustained; unknown: what is not known decides; not_due until March is over"
*/
-- The ends of the six months from October to March, as in ccis_destination; there the year after Year 11 is one of a published kind, in which nothing
-- known is not captured and anything less than sustained is not. A gap year, custody and work without pay are neither education nor work.
with days as (
    select
        cohort_member.learner_id,
        ages.age,
        month_ends_on(date_of(cohort_member.cohort_ay + ages.age - 11 + steps.year_after, steps.month_no, 1)) as day,
        date_of(cohort_member.cohort_ay + ages.age - 10, 3, 31) as last_day
    from cohort_member
    cross join (values (16), (17)) as ages(age)
    cross join (values (0, 10), (0, 11), (0, 12), (1, 1), (1, 2), (1, 3)) as steps(year_after, month_no)
),

activities as (
    select
        stg_destination.learner_id,
        stg_destination.starts_on,
        stg_destination.ends_on,
        stg_destination.activity,
        coalesce(code_nccis_activity.status_group, 'not_known') as status_group,
        code_nccis_activity.strand
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
        count(*) filter (where ordered.strand in ('education', 'apprenticeship', 'employment')) as n_kept,
        count(*) filter (where ordered.strand in ('apprenticeship', 'employment')) as n_at_work,
        count(*) filter (where coalesce(ordered.status_group, 'not_known') = 'not_known') as n_not_known
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
             when counts.n_kept = 6 or counts.n_at_work >= 5 then 'sustained'
             when counts.n_kept + counts.n_not_known = 6 or counts.n_at_work + counts.n_not_known >= 5 then 'unknown'
             else 'not_sustained'
        end as sustained
    from counts
    cross join build_context
)

select * from final
