/*
title = "The latest word that says where each learner was, and whose word it is"
grain = ["learner_id"]
reads = ["evidence", "stg_destination", "stg_establishment", "code_nccis_activity", "code_off_roll_basis", "build_context"]
purposes = ["participation", "ap_commissioning"]
[columns]
learner_id = "Pseudonym of the learner"
last_seen_on = "The last day of which anybody says where the learner was; today where that still lasts"
last_seen_at = "School, provider or activity"
last_source = "The source that says so, by its name in the configuration"
*/
-- An entry as missing education says where a child is not: it is no sighting.
with names as (
    select establishment_id, min(name) as name
    from stg_establishment
    group by establishment_id
),

activity_labels as (
    select code, min(label) as label, min(status_group) as status_group
    from code_nccis_activity
    group by code
),

sightings as (
    select
        evidence.learner_id,
        evidence.ends_on as seen_on,
        coalesce(names.name, evidence.establishment_id, code_off_roll_basis.label) as seen_at,
        evidence.source,
        case evidence.entity when 'placement' then 1 when 'off_roll' then 2 else 4 end as nearness,
        evidence.starts_on,
        evidence.row_key
    from evidence
    left join names on names.establishment_id = evidence.establishment_id
    left join code_off_roll_basis on code_off_roll_basis.code = evidence.legal_basis
    where evidence.role <> 'missing'

    union all

    select
        stg_destination.learner_id,
        least(coalesce(stg_destination.verified_on, stg_destination.starts_on), build_context.as_of) as seen_on,
        activity_labels.label as seen_at,
        stg_destination.source,
        3 as nearness,
        stg_destination.starts_on,
        stg_destination.row_key
    from stg_destination
    inner join activity_labels on activity_labels.code = stg_destination.activity
    cross join build_context
    where activity_labels.status_group <> 'not_known'
),

-- Of several that reach the same day, the one that is nearest to the child.
ranked_sightings as (
    select
        learner_id, seen_on, seen_at, source,
        row_number() over (
            partition by learner_id
            order by seen_on desc nulls last, nearness asc nulls last, starts_on desc nulls last,
                     source asc nulls last, row_key asc nulls last
        ) as place
    from sightings
),

final as (
    select learner_id, seen_on as last_seen_on, seen_at as last_seen_at, source as last_source
    from ranked_sightings
    where place = 1
)

select * from final
