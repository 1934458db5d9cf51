/*
title = "Enrolments as last reported"
grain = ["source", "feed", "row_key"]
reads = ["lake_enrolment", "learner_link", "build_context"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row. Most rows are told once: only
-- those told again are put in an order.
-- An enrolment that begins after the build looks back is not read.
with told_again as (
    select source, row_key
    from lake_enrolment
    group by source, row_key
    having count(*) > 1
),

versions as (
    select
        lake_enrolment.*,
        row_number() over (
            partition by lake_enrolment.source, lake_enrolment.row_key
            order by lake_enrolment.commit_seq desc nulls last, lake_enrolment.row_number desc nulls last,
                     lake_enrolment.part desc nulls last, lake_enrolment.row_hash desc nulls last
        ) as version_rank
    from lake_enrolment
    inner join told_again
        on told_again.source = lake_enrolment.source
       and told_again.row_key = lake_enrolment.row_key
    union all
    select lake_enrolment.*, 1 as version_rank
    from lake_enrolment
    left join told_again
        on told_again.source = lake_enrolment.source
       and told_again.row_key = lake_enrolment.row_key
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
        latest.establishment_id,
        latest.status,
        latest.starts_on,
        latest.ends_on,
        latest.observed_on,
        latest.nc_year,
        latest.leaving_reason,
        latest.source,
        latest.feed,
        latest.row_key
    from latest
    inner join learner_link on learner_link.subject_id = latest.subject_id
    cross join build_context
    where latest.starts_on <= build_context.as_of
)

select * from final
