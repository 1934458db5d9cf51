/*
title = "Placements in alternative provision as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_placement", "learner_link", "build_context"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row.
-- A placement that begins after the build looks back is not read.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from lake_placement
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
        id_text(latest.subject_id) as subject_id,
        latest.establishment_id,
        latest.commissioner,
        latest.commissioner_establishment_id,
        latest.legal_basis,
        latest.reason,
        latest.starts_on,
        latest.ends_on,
        latest.planned_end_on,
        latest.hours_per_week,
        latest.attendance_pattern,
        latest.sessions_offered,
        latest.sessions_attended,
        latest.objectives_set,
        latest.reviews_held,
        latest.end_reason,
        latest.cost_per_week,
        latest.observed_on,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.starts_on <= build_context.as_of
)

select * from final
