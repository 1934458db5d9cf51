/*
title = "Attendance as last reported, of accounts that cannot be added up as they stand"
grain = ["source", "feed", "row_key"]
reads = ["lake_attendance", "attendance_told", "learner_link", "build_context"]
*/
-- Periods of any length, weeks told again, taken back or without a place for a time, two subjects of a source who are one learner.
-- Of all versions of a row the one committed last stands; a tombstone, which names nothing but the row, removes it.
with told as (
    select lake_attendance.*
    from lake_attendance
    inner join (select * from attendance_told where not is_plain) as accounts
        on accounts.subject_id = lake_attendance.subject_id
       and accounts.establishment_id = lake_attendance.establishment_id
       and accounts.ay = academic_year(lake_attendance.period_starts_on)
       and accounts.source = lake_attendance.source
    union all
    select *
    from lake_attendance
    where tombstone
),

versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from told
),

latest as (
    select *
    from versions
    where version_rank = 1
      and not tombstone
),

final as (
    select
        id_text(learner_link.learner_id) as learner_id,
        latest.establishment_id,
        latest.period_starts_on,
        latest.period_ends_on,
        latest.sessions_possible,
        latest.sessions_attended,
        latest.sessions_authorised,
        latest.sessions_unauthorised,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.period_starts_on <= build_context.as_of
)

select * from final
