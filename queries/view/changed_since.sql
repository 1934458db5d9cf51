/*
title = "What changed for each learner from a day on: place, provider, standing, activity, authority, address area"
grain = ["learner_id", "changed_on", "what", "change_no"]
reads = ["spell", "area_spell", "lake_learner", "learner_link", "stg_establishment", "stg_destination", "code_enrolment_status", "code_legal_basis", "code_off_roll_basis", "code_nccis_activity", "build_context", "view_context"]
purposes = ["participation", "ap_commissioning"]
[columns]
learner_id = "Pseudonym of the learner"
changed_on = "The first day of the new state"
what = "place, provider, standing, activity, home authority or address area"
before = "What was before; empty where nothing is known"
after = "What is since; empty where nothing is known. Of an address area only that it changed: where somebody lives is told by area alone"
change_no = "Tells several changes of one kind and day apart"
*/
-- Without a day that is asked for, the last 31 days.
with window_start as (
    select coalesce(view_context.since, add_days(build_context.as_of, -31)) as since_on
    from view_context
    cross join build_context
),

names as (
    select establishment_id, min(name) as name
    from stg_establishment
    group by establishment_id
),

bases as (
    select code, min(label) as label from code_legal_basis group by code
    union
    select code, min(label) as label from code_off_roll_basis group by code
),

activities as (
    select code, min(label) as label
    from code_nccis_activity
    group by code
),

main_spells as (
    select
        spell.learner_id,
        spell.spell_no,
        spell.starts_on,
        case when spell.is_gap then 'nobody says where' else coalesce(names.name, spell.establishment_id, bases.label) end as place_name,
        coalesce(bases.label, code_enrolment_status.label) as standing
    from spell
    left join names on names.establishment_id = spell.establishment_id
    left join bases on bases.code = spell.legal_basis
    left join code_enrolment_status on code_enrolment_status.code = spell.status
    where spell.role = 'main'
),

compared_spells as (
    select
        learner_id, spell_no, starts_on, place_name, standing,
        lag(place_name) over (partition by learner_id order by starts_on asc nulls last, spell_no asc nulls last) as place_before,
        lag(standing) over (partition by learner_id order by starts_on asc nulls last, spell_no asc nulls last) as standing_before
    from main_spells
),

beside as (
    select
        spell.learner_id,
        spell.spell_no,
        spell.starts_on,
        spell.ends_on,
        spell.is_open,
        coalesce(names.name, spell.establishment_id, bases.label) as place_name
    from spell
    left join names on names.establishment_id = spell.establishment_id
    left join bases on bases.code = spell.legal_basis
    where spell.role = 'concurrent'
),

compared_activities as (
    select
        stg_destination.learner_id,
        stg_destination.starts_on,
        activities.label,
        lag(activities.label) over (
            partition by stg_destination.learner_id
            order by stg_destination.starts_on asc nulls last, stg_destination.row_key asc nulls last
        ) as label_before
    from stg_destination
    inner join activities on activities.code = stg_destination.activity
),

compared_areas as (
    select
        learner_id, starts_on, home_la,
        lag(home_la) over (partition by learner_id order by starts_on asc nulls last) as home_la_before,
        lag(starts_on) over (partition by learner_id order by starts_on asc nulls last) as starts_before
    from area_spell
),

-- Each source's word on the small area of the home, in the order in which it was given.
compared_addresses as (
    select
        id_text(learner_link.learner_id) as learner_id,
        lake_learner.observed_on,
        lake_learner.lsoa,
        lag(lake_learner.lsoa) over (
            partition by lake_learner.subject_id
            order by lake_learner.observed_on asc nulls last, lake_learner.commit_seq asc nulls last, lake_learner.row_number asc nulls last
        ) as lsoa_before
    from lake_learner
    inner join learner_link on learner_link.subject_id = lake_learner.subject_id
    where lake_learner.lsoa is not null
      and lake_learner.observed_on is not null
      and not lake_learner.tombstone
),

changes as (
    select learner_id, starts_on as changed_on, 'place' as what, place_before as before, place_name as after
    from compared_spells
    where place_name is distinct from place_before

    union all

    select learner_id, starts_on as changed_on, 'standing' as what, standing_before as before, standing as after
    from compared_spells
    where place_name is not distinct from place_before
      and standing is distinct from standing_before

    union all

    select learner_id, starts_on as changed_on, 'provider' as what, cast(null as varchar) as before, place_name as after
    from beside

    union all

    select learner_id, add_days(ends_on, 1) as changed_on, 'provider' as what, place_name as before, cast(null as varchar) as after
    from beside
    where not is_open

    union all

    select learner_id, starts_on as changed_on, 'activity' as what, label_before as before, label as after
    from compared_activities
    where label is distinct from label_before

    union all

    select learner_id, starts_on as changed_on, 'home authority' as what, home_la_before as before, home_la as after
    from compared_areas
    where starts_before is not null
      and home_la is distinct from home_la_before

    union all

    select learner_id, observed_on as changed_on, 'address area' as what, cast(null as varchar) as before, 'another area' as after
    from compared_addresses
    where lsoa_before is not null
      and lsoa <> lsoa_before
),

final as (
    select
        changes.learner_id,
        changes.changed_on,
        changes.what,
        changes.before,
        changes.after,
        cast(row_number() over (
            partition by changes.learner_id, changes.changed_on, changes.what
            order by changes.before asc nulls first, changes.after asc nulls first
        ) as integer) as change_no
    from changes
    cross join window_start
    cross join build_context
    where changes.changed_on >= window_start.since_on
      and changes.changed_on <= build_context.as_of
)

select * from final
