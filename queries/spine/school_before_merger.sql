/*
title = "Days of main spells at schools that have merged since: which of them it was"
grain = ["learner_id", "starts_on"]
reads = ["evidence", "spell", "school"]
[columns]
learner_id = "Pseudonym of the learner"
starts_on = "First of the days"
ends_on = "Last of the days, before the merger"
school_id = "The school, which became that of the spell by merger"
establishment_id = "The last of its numbers under which the learner was there"
*/
-- A stay goes on through a merger under the name that it ends with, and so does its spell.
with schools_seen as (
    select
        evidence.learner_id,
        evidence.legal_basis,
        coalesce(evidence.status, 'none') as status,
        school.school_id,
        max(evidence.establishment_id) as establishment_id,
        min(school.succession) as succession,
        min(evidence.starts_on) as first_on,
        coalesce(min(school.merged_on), add_days(max(evidence.ends_on), 1)) as merged_on
    from evidence
    inner join school on school.establishment_id = evidence.establishment_id
    where school.school_id <> school.merged_id
    group by evidence.learner_id, evidence.legal_basis, coalesce(evidence.status, 'none'), school.school_id
),

-- A school that led to the spell's own, at once or by steps.
schools_before as (
    select
        spell.learner_id,
        spell.starts_on as spell_starts_on,
        spell.ends_on as spell_ends_on,
        schools_seen.school_id,
        schools_seen.establishment_id,
        schools_seen.first_on,
        schools_seen.merged_on,
        lead(schools_seen.first_on) over (
            partition by spell.learner_id, spell.starts_on
            order by schools_seen.first_on asc nulls last, schools_seen.merged_on asc nulls last, schools_seen.school_id asc nulls last
        ) as next_first_on,
        lag(schools_seen.first_on) over (
            partition by spell.learner_id, spell.starts_on
            order by schools_seen.first_on asc nulls last, schools_seen.merged_on asc nulls last, schools_seen.school_id asc nulls last
        ) as first_before_on,
        lag(schools_seen.merged_on) over (
            partition by spell.learner_id, spell.starts_on
            order by schools_seen.first_on asc nulls last, schools_seen.merged_on asc nulls last, schools_seen.school_id asc nulls last
        ) as merged_before_on
    from schools_seen
    inner join spell
        on spell.learner_id = schools_seen.learner_id
       and spell.legal_basis = schools_seen.legal_basis
       and coalesce(spell.status, 'none') = schools_seen.status
    inner join school
        on school.establishment_id = spell.establishment_id
       and school.school_id <> schools_seen.school_id
       and has_become(schools_seen.succession, school.succession)
    where spell.role = 'main'
),

-- One after the other as the learner is first seen there: each until it merged, or until the next. What the spell has of days before
-- any of them is of the first.
days as (
    select
        learner_id,
        school_id,
        establishment_id,
        case when first_before_on is null then spell_starts_on
             when first_before_on < first_on then greatest(spell_starts_on, least(merged_before_on, first_on))
             else greatest(spell_starts_on, merged_before_on)
        end as starts_on,
        least(spell_ends_on, add_days(merged_on, -1),
              case when next_first_on > first_on then add_days(next_first_on, -1) else spell_ends_on end) as ends_on
    from schools_before
),

final as (
    select learner_id, starts_on, ends_on, school_id, establishment_id
    from days
    where starts_on <= ends_on
)

select * from final
