/*
title = "Qualifications as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_qualification", "learner_link", "build_context"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row. Most rows are told once: only
-- those told again are put in an order.
-- An award dated after the build looks back is not read.
with told_again as (
    select source, row_key
    from lake_qualification
    group by source, row_key
    having count(*) > 1
),

versions as (
    select
        lake_qualification.*,
        row_number() over (
            partition by lake_qualification.source, lake_qualification.row_key
            order by lake_qualification.commit_seq desc nulls last, lake_qualification.row_number desc nulls last,
                     lake_qualification.part desc nulls last, lake_qualification.row_hash desc nulls last
        ) as version_rank
    from lake_qualification
    inner join told_again
        on told_again.source = lake_qualification.source
       and told_again.row_key = lake_qualification.row_key
    union all
    select lake_qualification.*, 1 as version_rank
    from lake_qualification
    left join told_again
        on told_again.source = lake_qualification.source
       and told_again.row_key = lake_qualification.row_key
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
        latest.kind,
        latest.subject,
        latest.level,
        latest.grade,
        latest.awarded_on,
        latest.establishment_id,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.awarded_on <= build_context.as_of
)

select * from final
