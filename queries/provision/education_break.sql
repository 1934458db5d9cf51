/*
title = "Fifteen school days or more on which nobody knows of any education, of compulsory school age"
grain = ["learner_id", "starts_on"]
reads = ["stay", "learner", "school_move", "school_day", "policy", "build_context"]
purposes = ["research", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
starts_on = "First day without any roll, placement or home education"
ends_on = "Last such day, at most the last Friday of June of Year 11 and the day the build looks back from"
ay = "The academic year, by its end year, in which it began"
school_days = "School days in it, by a calendar in general that a site replaces"
is_open = "Whether nobody knows yet of what came after"
evidence = "missing: a register of missing education says so for a part of it; not_known: nobody says anything, and the learner may be somewhere that is not seen"
days_missing = "Days of it on the register of missing education"
left_by = "What explains that the last place was left, as in school_move; who died or left England is not here"
*/
-- Whatever teaches, or says that somebody teaches. A register of missing education says the opposite.
with taught as (
    select
        stay.learner_id,
        stay.starts_on,
        stay.ends_on,
        max(stay.ends_on) over (
            partition by stay.learner_id
            order by stay.starts_on asc nulls last, stay.ends_on asc nulls last, stay.stay_no asc nulls last
            rows between unbounded preceding and 1 preceding
        ) as taught_until
    from stay
    where stay.role <> 'missing'
),

lasts as (
    select learner_id, max(ends_on) as taught_until, max(case when is_open then 1 else 0 end) as is_open
    from stay
    where role <> 'missing'
    group by learner_id
),

limits as (
    select
        learner.learner_id,
        least(last_friday_of_june(learner.cohort_ay + 5), build_context.as_of) as until
    from learner
    cross join build_context
    where learner.cohort_ay is not null
),

gaps as (
    select taught.learner_id, add_days(taught.taught_until, 1) as starts_on, add_days(taught.starts_on, -1) as ends_on, false as is_open
    from taught
    where taught.starts_on > add_days(taught.taught_until, 1)
    union all
    select lasts.learner_id, add_days(lasts.taught_until, 1) as starts_on, limits.until as ends_on, true as is_open
    from lasts
    inner join limits on limits.learner_id = lasts.learner_id
    where lasts.is_open = 0
      and lasts.taught_until < limits.until
),

cut as (
    select
        gaps.learner_id,
        gaps.starts_on,
        least(gaps.ends_on, limits.until) as ends_on,
        gaps.is_open or gaps.ends_on > limits.until as is_open,
        academic_year(gaps.starts_on) as ay
    from gaps
    inner join limits on limits.learner_id = gaps.learner_id
    where gaps.starts_on <= limits.until
),

counted as (
    select
        cut.*,
        until.school_days - since.school_days + case when since.is_school_day then 1 else 0 end as school_days
    from cut
    inner join school_day as since on since.day = cut.starts_on
    inner join school_day as until on until.day = cut.ends_on
),

rules as (
    select ay, max(value) as least_days
    from policy
    where parameter = 'ap_no_education_days'
    group by ay
),

missing as (
    select
        counted.learner_id,
        counted.starts_on,
        sum(days_between(greatest(stay.starts_on, counted.starts_on), least(stay.ends_on, counted.ends_on)) + 1) as days_missing
    from counted
    inner join stay
        on stay.learner_id = counted.learner_id
       and stay.role = 'missing'
       and stay.starts_on <= counted.ends_on
       and stay.ends_on >= counted.starts_on
    group by counted.learner_id, counted.starts_on
),

final as (
    select
        counted.learner_id,
        counted.starts_on,
        counted.ends_on,
        counted.ay,
        cast(counted.school_days as integer) as school_days,
        counted.is_open,
        case when missing.days_missing > 0 then 'missing' else 'not_known' end as evidence,
        cast(coalesce(missing.days_missing, 0) as integer) as days_missing,
        school_move.move_type as left_by
    from counted
    inner join rules on rules.ay = counted.ay
    left join missing
        on missing.learner_id = counted.learner_id
       and missing.starts_on = counted.starts_on
    left join school_move
        on school_move.learner_id = counted.learner_id
       and school_move.left_on = add_days(counted.starts_on, -1)
    where counted.school_days >= rules.least_days
      and coalesce(school_move.move_type, 'not_known') not in ('died', 'left_england')
)

select * from final
