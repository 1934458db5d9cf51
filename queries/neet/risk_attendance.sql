/*
title = "Sessions of the year before each day of prediction, as they could be known on it"
grain = ["learner_id", "predicted_on"]
reads = ["risk_moment", "attendance_window", "attendance_told", "attendance_retold", "stg_attendance_return"]
[columns]
learner_id = "Pseudonym of the learner"
predicted_on = "The day of the prediction"
sessions_possible = "Possible sessions of the periods that ended in the 365 days up to it"
sessions_absent = "Of them missed"
*/
-- A period counts when it had ended: of one that goes on nobody yet knows how it ends. A return is known from the day of
-- the census that brought it, whatever term it tells of.
with periods as (
    select
        learner_id,
        establishment_id,
        source,
        'register' as account,
        period_starts_on as starts_on,
        coalesce(period_ends_on, period_starts_on) as ends_on,
        coalesce(period_ends_on, period_starts_on) as known_on,
        sessions_possible,
        coalesce(sessions_authorised + sessions_unauthorised, sessions_possible - sessions_attended) as sessions_absent,
        row_key
    from attendance_retold

    union all

    select
        learner_id,
        establishment_id,
        source,
        'return' as account,
        observed_on as starts_on,
        observed_on as ends_on,
        observed_on as known_on,
        sessions_possible,
        sessions_authorised + sessions_unauthorised as sessions_absent,
        row_key
    from stg_attendance_return
),

-- A period that lies inside one already counted (a week within a year) counts once.
placed_periods as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        periods.establishment_id,
        periods.source,
        periods.account,
        periods.ends_on,
        periods.sessions_possible,
        periods.sessions_absent,
        max(periods.ends_on) over (
            partition by risk_moment.learner_id, risk_moment.predicted_on, periods.establishment_id, periods.source, periods.account
            order by periods.starts_on asc nulls last, periods.ends_on desc nulls last, periods.sessions_possible desc nulls last,
                     periods.sessions_absent desc nulls last, periods.row_key asc nulls last
            rows between unbounded preceding and 1 preceding
        ) as greatest_end_so_far
    from risk_moment
    inner join periods
        on periods.learner_id = risk_moment.learner_id
       and periods.known_on <= risk_moment.predicted_on
       and periods.known_on > add_days(risk_moment.predicted_on, -365)
    where periods.sessions_possible is not null
      and periods.sessions_absent is not null
),

counted_periods as (
    select learner_id, predicted_on, establishment_id, source, account, sessions_possible, sessions_absent
    from placed_periods
    where greatest_end_so_far is null
       or ends_on > greatest_end_so_far
    union all
    -- Accounts that can be added up as they stand: there nothing lies inside anything.
    select
        attendance_told.learner_id,
        attendance_window.until_on as predicted_on,
        attendance_window.establishment_id,
        attendance_window.source,
        'register' as account,
        attendance_window.sessions_possible,
        attendance_window.sessions_absent
    from attendance_window
    inner join attendance_told
        on attendance_told.subject_id = attendance_window.subject_id
       and attendance_told.establishment_id = attendance_window.establishment_id
       and attendance_told.ay = attendance_window.ay
       and attendance_told.source = attendance_window.source
    where attendance_told.is_plain
      and attendance_window.asked_for = 'prediction'
),

accounts as (
    select
        learner_id,
        predicted_on,
        establishment_id,
        source,
        account,
        sum(sessions_possible) as sessions_possible,
        sum(sessions_absent) as sessions_absent
    from counted_periods
    group by learner_id, predicted_on, establishment_id, source, account
),

-- Of several accounts of one school the one with the most possible sessions: they are never added up.
ranked_accounts as (
    select
        *,
        row_number() over (
            partition by learner_id, predicted_on, establishment_id
            order by sessions_possible desc nulls last, account asc nulls last, sessions_absent desc nulls last, source asc nulls last
        ) as place
    from accounts
),

final as (
    select
        learner_id,
        predicted_on,
        cast(sum(sessions_possible) as bigint) as sessions_possible,
        cast(sum(sessions_absent) as bigint) as sessions_absent
    from ranked_accounts
    where place = 1
    group by learner_id, predicted_on
)

select * from final
