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
-- most of a lake, and their accounts are held against each other by the absence tables. What is due without a date has one
-- before all others.
with stored as (
    select 'assessment' as entity, source, row_key, commit_seq, tombstone, subject_id, taken_on as due_on
    from lake_assessment
    union all
    select 'circumstance' as entity, source, row_key, commit_seq, tombstone, subject_id, coalesce(observed_on, date_of(1, 1, 1)) as due_on
    from lake_circumstance
    union all
    select 'destination' as entity, source, row_key, commit_seq, tombstone, subject_id, starts_on as due_on
    from lake_destination
    union all
    select 'enrolment' as entity, source, row_key, commit_seq, tombstone, subject_id, starts_on as due_on
    from lake_enrolment
    union all
    select 'learner' as entity, source, row_key, commit_seq, tombstone, subject_id, date_of(1, 1, 1) as due_on
    from lake_learner
    union all
    select 'off_roll' as entity, source, row_key, commit_seq, tombstone, subject_id, starts_on as due_on
    from lake_off_roll
    union all
    select 'placement' as entity, source, row_key, commit_seq, tombstone, subject_id, starts_on as due_on
    from lake_placement
    union all
    select 'qualification' as entity, source, row_key, commit_seq, tombstone, subject_id, awarded_on as due_on
    from lake_qualification
    union all
    select 'sen' as entity, source, row_key, commit_seq, tombstone, subject_id, coalesce(observed_on, date_of(1, 1, 1)) as due_on
    from lake_sen
    union all
    select 'suspension' as entity, source, row_key, commit_seq, tombstone, subject_id, starts_on as due_on
    from lake_suspension
    union all
    select 'establishment' as entity, source, row_key, commit_seq, tombstone, cast(null as blob) as subject_id, cast(null as date) as due_on
    from lake_establishment
    union all
    select 'establishment_link' as entity, source, row_key, commit_seq, tombstone, cast(null as blob) as subject_id, cast(null as date) as due_on
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

-- A row's name was made of its entity and its source, and so is enough to find it by.
doubled as (
    select id_text(row_key) as row_key, cast(count(*) as bigint) as n_staged
    from staged_rows
    group by id_text(row_key)
    having count(*) > 1
),

-- Most rows are staged, once: only of the others it has to be asked whether they should be.
not_staged as (
    select stored.*
    from stored
    left join staged_rows on id_text(staged_rows.row_key) = id_text(stored.row_key)
    where staged_rows.row_key is null
),

-- Of a row's commits the newest counts, and of its lines there any that does not stand: an odd number at the top.
told as (
    select
        not_staged.entity,
        not_staged.source,
        id_text(not_staged.row_key) as row_key,
        not_staged.commit_seq * 2
            + case when not not_staged.tombstone
                        and (not_staged.entity in ('establishment', 'establishment_link')
                             or (learner_link.learner_id is not null and coalesce(not_staged.due_on <= build_context.as_of, false)))
                   then 0 else 1 end as last_word
    from not_staged
    cross join build_context
    left join learner_link on learner_link.subject_id = not_staged.subject_id
),

final as (
    select distinct staged_rows.entity, staged_rows.source, doubled.row_key, doubled.n_staged
    from doubled
    inner join staged_rows on id_text(staged_rows.row_key) = doubled.row_key
    union all
    select entity, source, row_key, cast(0 as bigint) as n_staged
    from told
    group by entity, source, row_key
    having max(last_word) % 2 = 0
)

select * from final
