/*
title = "Assessments as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_assessment", "learner_link", "build_context"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row. Most rows are told once: only
-- those told again are put in an order.
-- An assessment taken after the build looks back is not read.
with told_again as (
    select source, row_key
    from lake_assessment
    group by source, row_key
    having count(*) > 1
),

versions as (
    select
        lake_assessment.*,
        row_number() over (
            partition by lake_assessment.source, lake_assessment.row_key
            order by lake_assessment.commit_seq desc nulls last, lake_assessment.row_number desc nulls last,
                     lake_assessment.part desc nulls last, lake_assessment.row_hash desc nulls last
        ) as version_rank
    from lake_assessment
    inner join told_again
        on told_again.source = lake_assessment.source
       and told_again.row_key = lake_assessment.row_key
    union all
    select lake_assessment.*, 1 as version_rank
    from lake_assessment
    left join told_again
        on told_again.source = lake_assessment.source
       and told_again.row_key = lake_assessment.row_key
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
        latest.taken_on,
        latest.point,
        latest.status,
        latest.score,
        latest.informant,
        latest.outcome,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.taken_on <= build_context.as_of
)

select * from final
