/*
title = "Rows about where a learner was, and suspensions, that begin more than a year ahead or more than 25 years ago"
grain = ["entity", "source", "feed", "row_key"]
reads = ["lake_enrolment", "lake_placement", "lake_off_roll", "lake_suspension", "build_context"]
*/
-- What begins ahead is not due and is seen in no table: a year that was typed wrongly would be missed by nobody. The first
-- day is part of a row's name, so that a row that was put right has another; of its commits the newest counts.
with dated as (
    select 'enrolment' as entity, subject_id, starts_on, source, feed, row_key, commit_seq, tombstone
    from lake_enrolment
    union all
    select 'placement' as entity, subject_id, starts_on, source, feed, row_key, commit_seq, tombstone
    from lake_placement
    union all
    select 'off_roll' as entity, subject_id, starts_on, source, feed, row_key, commit_seq, tombstone
    from lake_off_roll
    union all
    select 'suspension' as entity, subject_id, starts_on, source, feed, row_key, commit_seq, tombstone
    from lake_suspension
),

far_off as (
    select dated.*, dated.starts_on > build_context.as_of as is_ahead
    from dated
    cross join build_context
    where dated.starts_on > add_days(build_context.as_of, 366)
       or dated.starts_on < add_days(build_context.as_of, -9131)
),

final as (
    select
        entity,
        id_text(subject_id) as subject_id,
        starts_on,
        is_ahead,
        source,
        feed,
        id_text(row_key) as row_key
    from far_off
    group by entity, id_text(subject_id), starts_on, is_ahead, source, feed, id_text(row_key)
    having max(commit_seq * 2 + case when tombstone then 1 else 0 end) % 2 = 0
)

select * from final
