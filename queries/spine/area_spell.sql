/*
title = "Where each learner lived and which authority educated them, as spells"
grain = ["learner_id", "starts_on"]
reads = ["home_point", "spell", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
starts_on = "First day"
ends_on = "Last day"
home_la = "Authority of the home; empty when not known"
educating_la = "Authority of the establishment, or of the home for a child educated at home; empty when not known"
home_evidence = "What says so: register, transfer or address; empty where the home is not known"
*/
with compared_points as (
    select
        learner_id, observed_on, home_la, home_evidence,
        lag(home_la) over (partition by learner_id order by observed_on asc nulls last) as home_la_before
    from home_point
),

-- A home authority holds until another is named; naming the same one again changes nothing.
home_changes as (
    select learner_id, observed_on, home_la, home_evidence, home_la_before is null as is_first
    from compared_points
    where home_la_before is null
       or home_la_before <> home_la
),

first_spells as (
    select learner_id, min(starts_on) as starts_on
    from spell
    group by learner_id
),

-- Before the first word of a home we take it to have been the same.
home_runs as (
    select
        home_changes.learner_id,
        case when home_changes.is_first then least(home_changes.observed_on, coalesce(first_spells.starts_on, home_changes.observed_on))
             else home_changes.observed_on end as starts_on,
        add_days(coalesce(
            lead(home_changes.observed_on) over (partition by home_changes.learner_id order by home_changes.observed_on asc nulls last),
            add_days(build_context.as_of, 1)), -1) as ends_on,
        home_changes.home_la,
        home_changes.home_evidence
    from home_changes
    cross join build_context
    left join first_spells on first_spells.learner_id = home_changes.learner_id
),

main_spells as (
    select learner_id, starts_on, ends_on, la_code, legal_basis
    from spell
    where role = 'main'
),

changes as (
    select learner_id, starts_on as day from first_spells
    union
    select learner_id, starts_on as day from home_runs
    union
    select learner_id, starts_on as day from main_spells
    union
    select learner_id, add_days(ends_on, 1) as day from main_spells
),

pieces as (
    select
        changes.learner_id,
        changes.day as starts_on,
        add_days(coalesce(
            lead(changes.day) over (partition by changes.learner_id order by changes.day asc nulls last),
            add_days(build_context.as_of, 1)), -1) as ends_on
    from changes
    cross join build_context
    where changes.day <= build_context.as_of
),

areas as (
    select
        pieces.learner_id,
        pieces.starts_on,
        pieces.ends_on,
        home_runs.home_la,
        case when main_spells.legal_basis = 'ehe_full' then home_runs.home_la else main_spells.la_code end as educating_la,
        home_runs.home_evidence
    from pieces
    left join home_runs
        on home_runs.learner_id = pieces.learner_id
       and home_runs.starts_on <= pieces.starts_on
       and home_runs.ends_on >= pieces.starts_on
    left join main_spells
        on main_spells.learner_id = pieces.learner_id
       and main_spells.starts_on <= pieces.starts_on
       and main_spells.ends_on >= pieces.starts_on
),

compared_areas as (
    select
        *,
        lag(starts_on) over (partition by learner_id order by starts_on asc nulls last) as starts_before,
        lag(home_la) over (partition by learner_id order by starts_on asc nulls last) as home_la_before,
        lag(educating_la) over (partition by learner_id order by starts_on asc nulls last) as educating_la_before
    from areas
),

numbered_areas as (
    select
        learner_id, starts_on, ends_on, home_la, educating_la, home_evidence,
        sum(case when starts_before is not null
                  and home_la is not distinct from home_la_before
                  and educating_la is not distinct from educating_la_before then 0 else 1 end) over (
            partition by learner_id
            order by starts_on asc nulls last
            rows between unbounded preceding and current row
        ) as area_no
    from compared_areas
),

final as (
    select
        learner_id,
        min(starts_on) as starts_on,
        max(ends_on) as ends_on,
        home_la,
        educating_la,
        home_evidence
    from numbered_areas
    group by learner_id, area_no, home_la, educating_la, home_evidence
)

select * from final
