/*
title = "Where each learner was in Year 6"
grain = ["learner_id"]
reads = ["learner", "spell", "area_spell", "code_establishment_kind", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
present_y6 = "Seen anywhere in the year"
attending = "At an establishment here on the January census day"
resident = "Living here on the January census day"
ever_y6_here = "Educated or living here on any day of the year"
entry_basis = "How the learner was first seen in the year"
*/
with main_spells as (
    select
        learner.learner_id,
        spell.starts_on,
        case when spell.legal_basis = 'ehe_full' then 'ehe'
             when spell.legal_basis = 'cme' then 'cme'
             when code_establishment_kind.family = 'ap' then 'ap'
             when spell.kind = 'special' then 'special'
             else 'school'
        end as entry_basis,
        spell.starts_on <= third_thursday_of_january(learner.cohort_ay)
            and spell.ends_on >= third_thursday_of_january(learner.cohort_ay)
            and spell.la_code is not distinct from build_context.home_authority as is_census_here
    from learner
    cross join build_context
    inner join spell on spell.learner_id = learner.learner_id
    left join code_establishment_kind on code_establishment_kind.code = spell.kind
    where spell.role = 'main'
      and not spell.is_gap
      and spell.starts_on <= year_ends_on(learner.cohort_ay)
      and spell.ends_on >= year_starts_on(learner.cohort_ay)
),

ranked_spells as (
    select
        learner_id, entry_basis, is_census_here,
        row_number() over (partition by learner_id order by starts_on asc nulls last) as place
    from main_spells
),

presence as (
    select
        learner_id,
        max(case when place = 1 then entry_basis end) as entry_basis,
        max(case when is_census_here then 1 else 0 end) as n_attending
    from ranked_spells
    group by learner_id
),

areas as (
    select
        learner.learner_id,
        max(case when area_spell.home_la = build_context.home_authority
                  and area_spell.starts_on <= third_thursday_of_january(learner.cohort_ay)
                  and area_spell.ends_on >= third_thursday_of_january(learner.cohort_ay) then 1 else 0 end) as n_resident,
        max(case when area_spell.home_la = build_context.home_authority
                   or area_spell.educating_la = build_context.home_authority then 1 else 0 end) as n_here
    from learner
    cross join build_context
    inner join area_spell on area_spell.learner_id = learner.learner_id
    where area_spell.starts_on <= year_ends_on(learner.cohort_ay)
      and area_spell.ends_on >= year_starts_on(learner.cohort_ay)
    group by learner.learner_id
),

final as (
    select
        learner.learner_id,
        presence.learner_id is not null as present_y6,
        coalesce(presence.n_attending, 0) = 1 as attending,
        coalesce(areas.n_resident, 0) = 1 as resident,
        presence.learner_id is not null and coalesce(areas.n_here, 0) = 1 as ever_y6_here,
        coalesce(presence.entry_basis, 'late_entrant') as entry_basis
    from learner
    left join presence on presence.learner_id = learner.learner_id
    left join areas on areas.learner_id = learner.learner_id
    where learner.cohort_ay is not null
)

select * from final
