/*
title = "Attendance as last reported, of accounts that cannot be added up as they stand"
grain = ["source", "feed", "row_key"]
reads = ["attendance_version", "learner_link", "build_context"]
*/
-- Of all versions of a row the one committed last stands; a tombstone, which names nothing but the row, removes it.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from attendance_version
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
