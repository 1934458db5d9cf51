/*
title = "Placements in alternative provision, each as last reported"
grain = ["learner_id", "starts_on", "provider", "placement_no"]
reads = ["lake_placement", "learner_link", "stg_establishment", "code_commissioner", "code_legal_basis", "code_placement_reason", "code_placement_end_reason", "build_context"]
purposes = ["participation", "ap_commissioning"]
[columns]
learner_id = "Pseudonym of the learner"
placement_no = "Number of the placement among the learner's, the latest to start being 1"
provider = "Provider, by name where a register describes it. When a review is due nobody's sheet says as a date: see reviews_held"
commissioner = "Who commissioned the place"
legal_basis = "Under which duty or power"
reason = "Why it was commissioned"
hours_offered = "Hours offered a week"
starts_on = "First day"
planned_end = "Planned last day"
ends_on = "Last day; empty while it lasts"
end_reason = "Why it ended"
sessions_offered = "Half-day sessions offered so far"
sessions_attended = "Half-day sessions attended so far"
reviews_held = "Reviews held so far"
is_past_plan = "Whether it lasts beyond its planned last day"
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from lake_placement
),

names as (
    select establishment_id, min(name) as name
    from stg_establishment
    group by establishment_id
),

placements_now as (
    select
        id_text(learner_link.learner_id) as learner_id,
        versions.*
    from versions
    inner join learner_link on learner_link.subject_id = versions.subject_id
    cross join build_context
    where versions.version_rank = 1
      and not versions.tombstone
      and versions.starts_on <= build_context.as_of
),

final as (
    select
        placements_now.learner_id,
        cast(row_number() over (
            partition by placements_now.learner_id
            order by placements_now.starts_on desc nulls last, placements_now.source asc nulls last,
                     placements_now.row_key asc nulls last
        ) as integer) as placement_no,
        coalesce(names.name, placements_now.establishment_id) as provider,
        code_commissioner.label as commissioner,
        code_legal_basis.label as legal_basis,
        code_placement_reason.label as reason,
        placements_now.hours_per_week as hours_offered,
        placements_now.starts_on,
        placements_now.planned_end_on as planned_end,
        placements_now.ends_on,
        code_placement_end_reason.label as end_reason,
        placements_now.sessions_offered,
        placements_now.sessions_attended,
        placements_now.reviews_held,
        placements_now.ends_on is null and coalesce(placements_now.planned_end_on < build_context.as_of, false) as is_past_plan
    from placements_now
    cross join build_context
    left join names on names.establishment_id = placements_now.establishment_id
    left join code_commissioner on code_commissioner.code = placements_now.commissioner
    left join code_legal_basis on code_legal_basis.code = placements_now.legal_basis
    left join code_placement_reason on code_placement_reason.code = placements_now.reason
    left join code_placement_end_reason on code_placement_end_reason.code = placements_now.end_reason
)

select * from final
