/*
title = "Weeks of the year before each day of prediction, added up as they stand for each account of a subject's sessions"
grain = ["subject_id", "establishment_id", "ay", "source", "predicted_on"]
reads = ["lake_attendance", "risk_moment", "learner_link"]
each_year_of = "lake_attendance"
[columns]
subject_id = "The subject of the source that it is told of"
ay = "The academic year of the periods' first days"
predicted_on = "The day of the prediction"
sessions_possible = "Possible sessions of the periods that ended in the 365 days up to it and are known"
sessions_absent = "Of them missed"
*/
-- Every version counts here: whether an account can be added up as it stands is for attendance_told to say, so that a week told
-- again changes no year but its own.
with days as (
    select learner_link.subject_id, risk_moment.predicted_on
    from risk_moment
    inner join learner_link on id_text(learner_link.learner_id) = risk_moment.learner_id
),

periods as (
    select
        subject_id,
        establishment_id,
        academic_year(period_starts_on) as ay,
        source,
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
        days.predicted_on,
        cast(sum(periods.sessions_possible) as bigint) as sessions_possible,
        cast(sum(periods.sessions_absent) as bigint) as sessions_absent
    from periods
    inner join days
        on days.subject_id = periods.subject_id
       and days.predicted_on >= periods.ends_on
       and add_days(days.predicted_on, -365) < periods.ends_on
    where periods.sessions_possible is not null
      and periods.sessions_absent is not null
    group by periods.subject_id, periods.establishment_id, periods.ay, periods.source, days.predicted_on
)

select * from final
