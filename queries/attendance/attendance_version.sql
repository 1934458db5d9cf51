/*
title = "Every version of the rows of accounts that cannot be added up as they stand, and everything that was taken back"
grain = ["source", "feed", "row_key", "commit_seq", "part", "row_number", "row_hash"]
reads = ["lake_attendance", "attendance_sum", "attendance_doubt"]
each_year_of = "lake_attendance"
*/
-- Periods of any length, weeks told again, taken back or without a place for a time, two subjects of a source who are one learner.
with accounts as (
    select subject_id, establishment_id, ay, source
    from attendance_sum
    where n_periods > 1
      and not (is_each_in_a_week and n_weeks(weeks) = n_periods)
    union
    select subject_id, establishment_id, ay, source
    from attendance_doubt
),

final as (
    select
        lake_attendance.subject_id,
        lake_attendance.establishment_id,
        lake_attendance.period_starts_on,
        lake_attendance.period_ends_on,
        lake_attendance.sessions_possible,
        lake_attendance.sessions_attended,
        lake_attendance.sessions_authorised,
        lake_attendance.sessions_unauthorised,
        lake_attendance.source,
        lake_attendance.feed,
        lake_attendance.row_key,
        lake_attendance.row_hash,
        lake_attendance.part,
        lake_attendance.row_number,
        lake_attendance.commit_seq,
        lake_attendance.tombstone
    from lake_attendance
    inner join accounts
        on accounts.subject_id = lake_attendance.subject_id
       and accounts.establishment_id = lake_attendance.establishment_id
       and accounts.ay = academic_year(lake_attendance.period_starts_on)
       and accounts.source = lake_attendance.source
    where not lake_attendance.tombstone
    union all
    select
        subject_id,
        establishment_id,
        period_starts_on,
        period_ends_on,
        sessions_possible,
        sessions_attended,
        sessions_authorised,
        sessions_unauthorised,
        source,
        feed,
        row_key,
        row_hash,
        part,
        row_number,
        commit_seq,
        tombstone
    from lake_attendance
    where tombstone
)

select * from final
