/*
title = "Stored rows that should have become a row of their staging table and did not, or became several: there must be none"
grain = ["entity", "source", "row_key"]
reads = ["lake_assessment", "lake_circumstance", "lake_destination", "lake_enrolment", "lake_learner", "lake_off_roll",
         "lake_placement", "lake_qualification", "lake_sen", "lake_suspension", "lake_establishment", "lake_establishment_link",
         "stg_assessment", "stg_circumstance", "stg_destination", "stg_enrolment", "stg_learner", "stg_off_roll",
         "stg_placement", "stg_qualification", "stg_sen", "stg_suspension", "stg_establishment", "stg_establishment_link",
         "learner_link", "build_context"]
*/
-- Counted otherwise than staging counts: by the newest commit of a row and whether anything of it stands, not by ranks. A row
-- whose newest commit says both that it stands and that it is gone is left to staging. Sessions are left out: they are
-- most of a lake, and their accounts are held against each other by the absence tables.
with stored as (
    select 'assessment' as entity, lake_assessment.source, lake_assessment.row_key, lake_assessment.commit_seq, lake_assessment.tombstone,
           learner_link.learner_id is not null and coalesce(lake_assessment.taken_on <= build_context.as_of, false) as is_due
    from lake_assessment
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_assessment.subject_id
    union all
    select 'circumstance' as entity, lake_circumstance.source, lake_circumstance.row_key, lake_circumstance.commit_seq, lake_circumstance.tombstone,
           learner_link.learner_id is not null and (lake_circumstance.observed_on <= build_context.as_of or lake_circumstance.observed_on is null) as is_due
    from lake_circumstance
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_circumstance.subject_id
    union all
    select 'destination' as entity, lake_destination.source, lake_destination.row_key, lake_destination.commit_seq, lake_destination.tombstone,
           learner_link.learner_id is not null and coalesce(lake_destination.starts_on <= build_context.as_of, false) as is_due
    from lake_destination
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_destination.subject_id
    union all
    select 'enrolment' as entity, lake_enrolment.source, lake_enrolment.row_key, lake_enrolment.commit_seq, lake_enrolment.tombstone,
           learner_link.learner_id is not null and coalesce(lake_enrolment.starts_on <= build_context.as_of, false) as is_due
    from lake_enrolment
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_enrolment.subject_id
    union all
    select 'learner' as entity, lake_learner.source, lake_learner.row_key, lake_learner.commit_seq, lake_learner.tombstone,
           learner_link.learner_id is not null and true as is_due
    from lake_learner
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_learner.subject_id
    union all
    select 'off_roll' as entity, lake_off_roll.source, lake_off_roll.row_key, lake_off_roll.commit_seq, lake_off_roll.tombstone,
           learner_link.learner_id is not null and coalesce(lake_off_roll.starts_on <= build_context.as_of, false) as is_due
    from lake_off_roll
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_off_roll.subject_id
    union all
    select 'placement' as entity, lake_placement.source, lake_placement.row_key, lake_placement.commit_seq, lake_placement.tombstone,
           learner_link.learner_id is not null and coalesce(lake_placement.starts_on <= build_context.as_of, false) as is_due
    from lake_placement
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_placement.subject_id
    union all
    select 'qualification' as entity, lake_qualification.source, lake_qualification.row_key, lake_qualification.commit_seq, lake_qualification.tombstone,
           learner_link.learner_id is not null and coalesce(lake_qualification.awarded_on <= build_context.as_of, false) as is_due
    from lake_qualification
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_qualification.subject_id
    union all
    select 'sen' as entity, lake_sen.source, lake_sen.row_key, lake_sen.commit_seq, lake_sen.tombstone,
           learner_link.learner_id is not null and (lake_sen.observed_on <= build_context.as_of or lake_sen.observed_on is null) as is_due
    from lake_sen
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_sen.subject_id
    union all
    select 'suspension' as entity, lake_suspension.source, lake_suspension.row_key, lake_suspension.commit_seq, lake_suspension.tombstone,
           learner_link.learner_id is not null and coalesce(lake_suspension.starts_on <= build_context.as_of, false) as is_due
    from lake_suspension
    cross join build_context
    left join learner_link on learner_link.subject_id = lake_suspension.subject_id
    union all
    select 'establishment' as entity, source, row_key, commit_seq, tombstone, true as is_due
    from lake_establishment
    union all
    select 'establishment_link' as entity, source, row_key, commit_seq, tombstone, true as is_due
    from lake_establishment_link
),

staged_rows as (
    select 'assessment' as entity, source, row_key from stg_assessment
    union all
    select 'circumstance' as entity, source, row_key from stg_circumstance
    union all
    select 'destination' as entity, source, row_key from stg_destination
    union all
    select 'enrolment' as entity, source, row_key from stg_enrolment
    union all
    select 'learner' as entity, source, row_key from stg_learner
    union all
    select 'off_roll' as entity, source, row_key from stg_off_roll
    union all
    select 'placement' as entity, source, row_key from stg_placement
    union all
    select 'qualification' as entity, source, row_key from stg_qualification
    union all
    select 'sen' as entity, source, row_key from stg_sen
    union all
    select 'suspension' as entity, source, row_key from stg_suspension
    union all
    select 'establishment' as entity, source, row_key from stg_establishment
    union all
    select 'establishment_link' as entity, source, row_key from stg_establishment_link
),

-- Of a row's commits the newest counts, and of its lines there any that does not stand: an odd number at the top.
told as (
    select entity, source, row_key, commit_seq * 2 + case when is_due and not tombstone then 0 else 1 end as last_word, 0 as n_staged
    from stored
    union all
    select entity, source, row_key, cast(null as bigint) as last_word, 1 as n_staged
    from staged_rows
),

final as (
    select entity, source, row_key, cast(sum(n_staged) as bigint) as n_staged
    from told
    group by entity, source, row_key
    having sum(n_staged) <> 1
       and (sum(n_staged) > 0 or max(last_word) % 2 = 0)
)

select * from final
