/*
title = "What each source says of a person"
grain = ["source", "feed", "row_key"]
reads = ["lake_learner", "learner_link"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row.
-- Who somebody is has no date: a row from after the day the build looks back from still tells it. Its home does not count.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from lake_learner
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
        latest.birth_month,
        latest.sex,
        latest.ethnicity,
        latest.home_la,
        latest.observed_on,
        latest.source,
        latest.feed,
        latest.row_key,
        latest.commit_seq,
        latest.row_number as source_row
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
)

select * from final
