/*
title = "Learners in Year 11 and Year 12 for whom no place is on record for the coming September"
grain = ["learner_id"]
reads = ["standing", "lake_offer", "stg_destination", "learner_link", "code_offer_status", "code_september_guarantee", "build_context"]
purposes = ["participation"]
[columns]
learner_id = "Pseudonym of the learner"
year_group = "Year group by age: 11 or 12"
places_asked = "Applications on record for the coming September"
latest_word = "How the latest of them stands"
guarantee = "What the authority recorded for the September Guarantee; empty where it recorded nothing"
at_present = "School or provider where the learner mainly is"
activity = "Activity after 16 in force, as the authority recorded it"
*/
-- Of all versions of an offer the one committed last stands; a tombstone removes it.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from lake_offer
),

offers as (
    select
        id_text(learner_link.learner_id) as learner_id,
        versions.status,
        versions.guarantee,
        row_number() over (
            partition by learner_link.learner_id
            order by versions.offered_on desc nulls last, versions.commit_seq desc nulls last, versions.row_key asc nulls last
        ) as place
    from versions
    inner join learner_link on learner_link.subject_id = versions.subject_id
    cross join build_context
    where versions.version_rank = 1
      and not versions.tombstone
      and academic_year(versions.for_year_from) = academic_year(build_context.as_of) + 1
),

words as (
    select
        offers.learner_id,
        sum(case when offers.status <> 'none' then 1 else 0 end) as places_asked,
        max(case when offers.place = 1 then code_offer_status.label end) as latest_word,
        max(case when offers.status in ('offered', 'conditional', 'accepted', 'enrolled') or offers.guarantee = 'made'
                 then 1 else 0 end) as has_place,
        max(offers.guarantee) as guarantee
    from offers
    left join code_offer_status on code_offer_status.code = offers.status
    group by offers.learner_id
),

-- The authority's own record of the guarantee, of this year's activities.
guarantees as (
    select
        stg_destination.learner_id,
        stg_destination.guarantee,
        row_number() over (
            partition by stg_destination.learner_id
            order by stg_destination.starts_on desc nulls last, stg_destination.row_key asc nulls last
        ) as place
    from stg_destination
    cross join build_context
    where stg_destination.guarantee is not null
      and academic_year(stg_destination.starts_on) = academic_year(build_context.as_of)
),

final as (
    select
        standing.learner_id,
        standing.year_group,
        cast(coalesce(words.places_asked, 0) as integer) as places_asked,
        words.latest_word,
        code_september_guarantee.label as guarantee,
        standing.at_present,
        standing.activity
    from standing
    left join words on words.learner_id = standing.learner_id
    left join guarantees on guarantees.learner_id = standing.learner_id and guarantees.place = 1
    left join code_september_guarantee
        on code_september_guarantee.code = coalesce(guarantees.guarantee, words.guarantee)
    where standing.year_group in (11, 12)
      and coalesce(words.has_place, 0) = 0
      and coalesce(guarantees.guarantee, 'not_made') <> 'made'
)

select * from final
