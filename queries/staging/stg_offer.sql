/*
title = "Applications and offers for after Year 11 and Year 12, as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_offer", "learner_link", "build_context"]
materialise = "view"
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row.
-- An offer made after the day the build looks back from is not read; one without a day is.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from lake_offer
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
        latest.status,
        latest.activity,
        latest.establishment_id,
        latest.offered_on,
        latest.for_year_from,
        latest.guarantee,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.offered_on <= build_context.as_of
       or latest.offered_on is null
)

select * from final
