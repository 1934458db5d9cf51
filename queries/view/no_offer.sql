/*
title = "Learners in Year 11 and Year 12 for whom no place is on record for the coming September"
grain = ["learner_id"]
reads = ["standing", "lake_offer", "stg_destination", "learner_link", "code_offer_status", "code_september_guarantee", "build_context"]
purposes = ["participation"]
[columns]
learner_id = "Pseudonym of the learner"
year_group = "Year group by age: 11 or 12"
place_from = "First day of the year for which the place would be: of the coming September, not of the last"
offers_are_held = "Whether any source tells of offers to this year group for that September. Where it says no, an empty line says nothing of the learner: nobody looked"
places_asked = "Applications on record for the coming September"
latest_word = "How the latest of them stands"
guarantee = "What was recorded for the September Guarantee of that September; empty where nothing was"
guarantee_before = "What the authority recorded on an activity that began this year: by the rules of the record that is the September before, and no place for the coming one"
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
      and (versions.offered_on <= build_context.as_of or versions.offered_on is null)
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

-- Of a year group of which no source tells of any offer nobody looked.
groups_held as (
    select distinct standing.year_group
    from standing
    inner join words on words.learner_id = standing.learner_id
),

-- The authority's own record of the guarantee stands on the activity that begins in the year the place is for: on this year's it is
-- that of the September before.
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
        date_of(academic_year(build_context.as_of), 9, 1) as place_from,
        groups_held.year_group is not null as offers_are_held,
        cast(coalesce(words.places_asked, 0) as integer) as places_asked,
        words.latest_word,
        coming.label as guarantee,
        before.label as guarantee_before,
        standing.at_present,
        standing.activity
    from standing
    cross join build_context
    left join words on words.learner_id = standing.learner_id
    left join groups_held on groups_held.year_group = standing.year_group
    left join guarantees on guarantees.learner_id = standing.learner_id and guarantees.place = 1
    left join code_september_guarantee as coming on coming.code = words.guarantee
    left join code_september_guarantee as before on before.code = guarantees.guarantee
    where standing.year_group in (11, 12)
      and coalesce(words.has_place, 0) = 0
)

select * from final
