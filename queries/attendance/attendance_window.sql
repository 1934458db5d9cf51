/*
title = "Weeks in the stretches of days that somebody asks for, added up as they stand for each account of a subject's sessions"
grain = ["subject_id", "establishment_id", "ay", "source", "asked_for", "since_on", "until_on"]
reads = ["lake_attendance", "risk_moment", "ap_return_window", "learner_link"]
each_year_of = "lake_attendance"
[columns]
subject_id = "The subject of the source that it is told of"
ay = "The academic year of the periods' first days"
asked_for = "prediction: periods that ended in the 365 days up to a day of prediction; return: those that lie between a return to school and the day on which it is judged"
since_on = "First day of the stretch"
until_on = "Last day of it"
sessions_possible = "Possible sessions of the periods that are known"
sessions_absent = "Of them missed"
*/
-- Weeks are most of a lake: they are gone through once, whoever asks. Every version counts here: whether an account can be added up as it stands
-- is for attendance_told to say, so that a week told again changes no year but its own.
with stretches as (
    select learner_id, 'prediction' as asked_for, add_days(predicted_on, -364) as since_on, predicted_on as until_on
    from risk_moment
    union all
    -- Two full terms and a year may end on one day.
    select distinct learner_id, 'return' as asked_for, returned_on as since_on, until_on
    from ap_return_window
),

asked as (
    select learner_link.subject_id, stretches.asked_for, stretches.since_on, stretches.until_on
    from stretches
    inner join learner_link on id_text(learner_link.learner_id) = stretches.learner_id
),

periods as (
    select
        subject_id,
        establishment_id,
        academic_year(period_starts_on) as ay,
        source,
        period_starts_on as starts_on,
        coalesce(period_ends_on, period_starts_on) as ends_on,
        sessions_possible,
        coalesce(sessions_authorised + sessions_unauthorised, sessions_possible - sessions_attended) as sessions_absent
    from lake_attendance
    where not tombstone
),

final as (
    select
        periods.subject_id,
        periods.establishment_id,
        periods.ay,
        periods.source,
        asked.asked_for,
        asked.since_on,
        asked.until_on,
        cast(sum(periods.sessions_possible) as bigint) as sessions_possible,
        cast(sum(periods.sessions_absent) as bigint) as sessions_absent
    from periods
    inner join asked
        on asked.subject_id = periods.subject_id
       and asked.until_on >= periods.ends_on
       and asked.since_on <= periods.ends_on
    where periods.sessions_possible is not null
      and periods.sessions_absent is not null
      and (asked.asked_for = 'prediction' or periods.starts_on >= asked.since_on)
    group by periods.subject_id, periods.establishment_id, periods.ay, periods.source, asked.asked_for, asked.since_on, asked.until_on
)

select * from final
