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
    select lake_attendance.*
    from lake_attendance
    inner join accounts
        on accounts.subject_id = lake_attendance.subject_id
       and accounts.establishment_id = lake_attendance.establishment_id
       and accounts.ay = academic_year(lake_attendance.period_starts_on)
       and accounts.source = lake_attendance.source
    where not lake_attendance.tombstone
    union all
    select *
    from lake_attendance
    where tombstone
)

select * from final
