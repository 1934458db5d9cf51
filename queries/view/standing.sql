/*
title = "Where each learner is on the day the tables look back from: mainly, beside it, and in which activity after 16"
grain = ["learner_id"]
reads = ["learner", "spell", "stg_establishment", "stg_destination", "code_establishment_kind", "code_enrolment_status", "code_legal_basis", "code_off_roll_basis", "code_nccis_activity", "build_context"]
purposes = ["participation", "ap_commissioning"]
[columns]
learner_id = "Pseudonym of the learner"
year_group = "Year group by age on that day; 12 and more after the end of compulsory schooling"
at_present = "School or provider where the learner mainly is; empty where nothing says so"
kind = "Kind of that place"
standing = "Registration, duty or register by which the learner is there"
since = "First day there"
also_at = "Where the learner is beside it: a provider, a second registration"
also_since = "First day there"
activity = "Activity after 16 in force, as the authority recorded it"
activity_since = "First day of it"
activity_verified = "Day on which it was last confirmed"
is_known = "Whether anything says where the learner is: a place, home education, or an activity that is known"
*/
with names as (
    select establishment_id, min(name) as name
    from stg_establishment
    group by establishment_id
),

kinds as (
    select code, min(label) as label
    from code_establishment_kind
    group by code
),

statuses as (
    select code, min(label) as label
    from code_enrolment_status
    group by code
),

bases as (
    select code, min(label) as label from code_legal_basis group by code
    union
    select code, min(label) as label from code_off_roll_basis group by code
),

activities as (
    select code, min(label) as label, min(status_group) as status_group
    from code_nccis_activity
    group by code
),

open_spells as (
    select
        spell.learner_id,
        spell.role,
        spell.starts_on,
        spell.legal_basis,
        coalesce(names.name, spell.establishment_id) as place_name,
        case when spell.kind <> 'none' then kinds.label end as kind,
        coalesce(bases.label, statuses.label) as standing,
        row_number() over (
            partition by spell.learner_id, spell.role
            order by spell.starts_on desc nulls last, spell.spell_no desc nulls last
        ) as place
    from spell
    left join names on names.establishment_id = spell.establishment_id
    left join kinds on kinds.code = spell.kind
    left join statuses on statuses.code = spell.status
    left join bases on bases.code = spell.legal_basis
    where spell.is_open
      and not spell.is_gap
),

activities_in_force as (
    select
        stg_destination.learner_id,
        activities.label,
        activities.status_group,
        stg_destination.starts_on,
        stg_destination.verified_on,
        row_number() over (
            partition by stg_destination.learner_id
            order by stg_destination.starts_on desc nulls last, stg_destination.activity asc nulls last,
                     stg_destination.row_key asc nulls last
        ) as place
    from stg_destination
    inner join activities on activities.code = stg_destination.activity
    cross join build_context
    where stg_destination.ends_on is null
       or stg_destination.ends_on >= build_context.as_of
),

final as (
    select
        learner.learner_id,
        cast(academic_year(build_context.as_of) - learner.cohort_ay + 6 as integer) as year_group,
        main.place_name as at_present,
        main.kind,
        main.standing,
        main.starts_on as since,
        beside.place_name as also_at,
        beside.starts_on as also_since,
        activities_in_force.label as activity,
        activities_in_force.starts_on as activity_since,
        activities_in_force.verified_on as activity_verified,
        (main.learner_id is not null and main.legal_basis <> 'cme')
            or beside.learner_id is not null
            or coalesce(activities_in_force.status_group, 'not_known') <> 'not_known' as is_known
    from learner
    cross join build_context
    left join open_spells as main
        on main.learner_id = learner.learner_id and main.role = 'main' and main.place = 1
    left join open_spells as beside
        on beside.learner_id = learner.learner_id and beside.role = 'concurrent' and beside.place = 1
    left join activities_in_force
        on activities_in_force.learner_id = learner.learner_id and activities_in_force.place = 1
)

select * from final
