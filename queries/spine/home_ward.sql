/*
title = "In which ward each learner lived, as spells"
grain = ["learner_id", "starts_on"]
reads = ["home_point", "stg_learner", "spell", "build_context"]
purposes = ["research", "participation"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
starts_on = "First day"
ends_on = "Last day"
home_la = "Authority of the home, as in area_spell"
ward = "Electoral ward of the home; empty where the home is in another authority, or nothing tells in which ward it is"
ward_state = "told; not_told: the home is here, and nothing tells in which ward; elsewhere: the home is in another authority"
*/
-- Of two addresses of one day in one authority the greater ward is taken: any order will do that is always the same.
with addresses as (
    select
        stg_learner.learner_id,
        coalesce(stg_learner.observed_on, build_context.as_of) as observed_on,
        stg_learner.home_la,
        max(stg_learner.ward) as ward
    from stg_learner
    cross join build_context
    where stg_learner.home_la is not null
    group by stg_learner.learner_id, coalesce(stg_learner.observed_on, build_context.as_of), stg_learner.home_la
),

told as (
    select
        home_point.learner_id,
        home_point.observed_on,
        home_point.home_la,
        addresses.ward,
        addresses.learner_id is not null as is_address,
        lag(home_point.home_la) over (partition by home_point.learner_id order by home_point.observed_on asc nulls last) as home_la_before
    from home_point
    left join addresses
        on addresses.learner_id = home_point.learner_id
       and addresses.observed_on = home_point.observed_on
       and addresses.home_la = home_point.home_la
),

-- A ward holds until another address is told, or another authority; an authority that is named again without an address says nothing
-- of the ward.
homes as (
    select
        told.learner_id,
        told.observed_on,
        told.home_la,
        case when told.home_la = build_context.home_authority then told.ward end as ward
    from told
    cross join build_context
    where told.is_address
       or told.home_la_before is null
       or told.home_la_before <> told.home_la
),

compared_homes as (
    select
        learner_id, observed_on, home_la, ward,
        lag(home_la) over (partition by learner_id order by observed_on asc nulls last) as home_la_before,
        lag(ward) over (partition by learner_id order by observed_on asc nulls last) as ward_before
    from homes
),

changes as (
    select learner_id, observed_on, home_la, ward, home_la_before is null as is_first
    from compared_homes
    where home_la_before is null
       or home_la_before <> home_la
       or ward is distinct from ward_before
),

first_spells as (
    select learner_id, min(starts_on) as starts_on
    from spell
    group by learner_id
),

-- Before the first word of a home we take it to have been the same.
final as (
    select
        changes.learner_id,
        case when changes.is_first then least(changes.observed_on, coalesce(first_spells.starts_on, changes.observed_on))
             else changes.observed_on end as starts_on,
        add_days(coalesce(
            lead(changes.observed_on) over (partition by changes.learner_id order by changes.observed_on asc nulls last),
            add_days(build_context.as_of, 1)), -1) as ends_on,
        changes.home_la,
        changes.ward,
        case when changes.home_la <> build_context.home_authority then 'elsewhere'
             when changes.ward is null then 'not_told'
             else 'told' end as ward_state
    from changes
    cross join build_context
    left join first_spells on first_spells.learner_id = changes.learner_id
)

select * from final
