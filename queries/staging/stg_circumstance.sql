/*
title = "Circumstances as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_circumstance", "learner_link", "build_context"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row. Most rows are told once: only
-- those told again are put in an order.
-- A row observed after the build looks back is not read; a row without a date is a live record.
with told_again as (
    select source, row_key
    from lake_circumstance
    group by source, row_key
    having count(*) > 1
),

versions as (
    select
        lake_circumstance.*,
        row_number() over (
            partition by lake_circumstance.source, lake_circumstance.row_key
            order by lake_circumstance.commit_seq desc nulls last, lake_circumstance.row_number desc nulls last,
                     lake_circumstance.part desc nulls last, lake_circumstance.row_hash desc nulls last
        ) as version_rank
    from lake_circumstance
    inner join told_again
        on told_again.source = lake_circumstance.source
       and told_again.row_key = lake_circumstance.row_key
    union all
    select lake_circumstance.*, 1 as version_rank
    from lake_circumstance
    left join told_again
        on told_again.source = lake_circumstance.source
       and told_again.row_key = lake_circumstance.row_key
    where told_again.row_key is null
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
        latest.kind,
        latest.value,
        latest.starts_on,
        latest.ends_on,
        latest.observed_on,
        latest.basis,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.observed_on <= build_context.as_of
       or latest.observed_on is null
)

select * from final
