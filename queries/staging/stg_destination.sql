/*
title = "Activities after 16 as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_destination", "learner_link", "build_context"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row. Most rows are told once: only
-- those told again are put in an order.
-- An activity that begins after the build looks back is not read.
with told_again as (
    select source, row_key
    from lake_destination
    group by source, row_key
    having count(*) > 1
),

versions as (
    select
        lake_destination.*,
        row_number() over (
            partition by lake_destination.source, lake_destination.row_key
            order by lake_destination.commit_seq desc nulls last, lake_destination.row_number desc nulls last,
                     lake_destination.part desc nulls last, lake_destination.row_hash desc nulls last
        ) as version_rank
    from lake_destination
    inner join told_again
        on told_again.source = lake_destination.source
       and told_again.row_key = lake_destination.row_key
    union all
    select lake_destination.*, 1 as version_rank
    from lake_destination
    left join told_again
        on told_again.source = lake_destination.source
       and told_again.row_key = lake_destination.row_key
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
        latest.activity,
        latest.starts_on,
        latest.ends_on,
        latest.verified_on,
        latest.lead_la,
        latest.transferred_to_la,
        latest.guarantee,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.starts_on <= build_context.as_of
)

select * from final
