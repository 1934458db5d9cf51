/*
title = "What client records say after 16, as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_participation", "learner_link", "build_context"]
materialise = "view"
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row.
-- A month that ends after the day the build looks back from is not read.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from lake_participation
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
        latest.observed_on,
        latest.cohort_status,
        latest.currency_lapsed,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.observed_on <= build_context.as_of
)

select * from final
