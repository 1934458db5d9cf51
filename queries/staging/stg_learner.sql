/*
title = "What each source says of a person"
grain = ["source", "feed", "row_key"]
reads = ["lake_learner", "learner_link"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row. Most rows are told once: only
-- those told again are put in an order.
-- Who somebody is has no date: a row from after the day the build looks back from still tells it. Its home does not count.
with told_again as (
    select source, row_key
    from lake_learner
    group by source, row_key
    having count(*) > 1
),

versions as (
    select
        lake_learner.*,
        row_number() over (
            partition by lake_learner.source, lake_learner.row_key
            order by lake_learner.commit_seq desc nulls last, lake_learner.row_number desc nulls last,
                     lake_learner.part desc nulls last, lake_learner.row_hash desc nulls last
        ) as version_rank
    from lake_learner
    inner join told_again
        on told_again.source = lake_learner.source
       and told_again.row_key = lake_learner.row_key
    union all
    select lake_learner.*, 1 as version_rank
    from lake_learner
    left join told_again
        on told_again.source = lake_learner.source
       and told_again.row_key = lake_learner.row_key
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
        latest.birth_month,
        latest.sex,
        latest.ethnicity,
        latest.home_la,
        latest.ward,
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
