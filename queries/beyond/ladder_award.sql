/*
title = "Every award by sixteen on the ladder of levels: its rung, its size against a GCSE and its points"
grain = ["learner_id", "kind", "subject", "level", "awarded_on"]
reads = ["cohort_member", "outcome", "code_subject", "code_ks4_element", "code_grade", "code_ladder_hours", "code_ladder_rung", "code_ks4_points", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
ks4_ay = "The academic year, by its end year, in which the learner finishes key stage 4"
slot = "english, maths, other, or unit for what is only counted"
rung = "unit, E1, E2, E3, 1, 2 or 3; empty where nothing says the level"
awards = "How many of them it is: GCSE combined science is two of one grade"
size_basis = "listed, unit, or none where nobody says how large such an award is"
points = "Points of the rung or grade times the size, a GCSE at most; 0 when not passed; empty without a rung, a size or a result"
*/
-- A GCSE has the level of its grade; anything else the level that it is awarded at.
with awards as (
    select
        outcome.learner_id,
        cast(cohort_member.cohort_ay + 5 as smallint) as ks4_ay,
        outcome.kind,
        outcome.subject,
        outcome.level,
        outcome.grade,
        outcome.passed,
        outcome.awarded_on,
        code_subject.area,
        case when outcome.kind = 'gcse' then coalesce(cast(code_ks4_element.awards as integer), 1) else 1 end as awards,
        code_ladder_hours.code as size_code,
        cast(code_ladder_hours.hours as integer) as hours,
        coalesce(code_ladder_hours.graded = 'Y', false) as is_graded,
        coalesce(code_ladder_hours.is_unit = 'Y', false) as is_unit,
        case when code_ladder_hours.is_unit = 'Y' then 'unit'
             when outcome.kind = 'gcse' and cast(code_grade.points as integer) >= 4 then '2'
             when outcome.kind = 'gcse' and cast(code_grade.points as integer) >= 1 then '1'
             when outcome.kind <> 'gcse' then outcome.level
        end as rung
    from outcome
    cross join build_context
    inner join cohort_member on cohort_member.learner_id = outcome.learner_id
    left join code_subject on code_subject.code = outcome.subject
    left join code_ks4_element
        on code_ks4_element.code = outcome.subject
       and (code_ks4_element.valid_from is null or code_ks4_element.valid_from <= outcome.awarded_on)
       and (code_ks4_element.valid_to is null or code_ks4_element.valid_to > outcome.awarded_on)
    left join code_grade on code_grade.code = outcome.grade
    left join code_ladder_hours
        on code_ladder_hours.code = outcome.kind
       and (code_ladder_hours.valid_from is null or code_ladder_hours.valid_from <= outcome.awarded_on)
       and (code_ladder_hours.valid_to is null or code_ladder_hours.valid_to > outcome.awarded_on)
    where outcome.awarded_on <= year_ends_on(cohort_member.cohort_ay + 5)
      and year_ends_on(cohort_member.cohort_ay + 5) <= build_context.as_of
),

-- What is graded has the points of its grade on the scale of the year, the rest those of its rung.
pointed as (
    select
        awards.*,
        case when awards.is_graded then cast(code_ks4_points.points as decimal(9, 2))
             else cast(code_ladder_rung.points as decimal(9, 2))
        end as full_points
    from awards
    left join code_ladder_rung on code_ladder_rung.code = awards.rung
    left join code_ks4_points
        on code_ks4_points.code = case when awards.kind = 'gcse' then awards.grade else concat(awards.level, '/', awards.grade) end
       and (code_ks4_points.valid_from is null or code_ks4_points.valid_from <= year_ends_on(awards.ks4_ay))
       and (code_ks4_points.valid_to is null or code_ks4_points.valid_to > year_ends_on(awards.ks4_ay))
),

final as (
    select
        learner_id,
        ks4_ay,
        kind,
        subject,
        level,
        awarded_on,
        passed,
        rung,
        awards,
        case when is_unit then 'unit' when area in ('english', 'maths') then area else 'other' end as slot,
        case when is_unit then 'unit' when size_code is null then 'none' else 'listed' end as size_basis,
        case when passed is null then null
             when not passed then cast(0 as decimal(9, 4))
             when is_unit then cast(full_points as decimal(9, 4))
             when hours is not null then cast(ratio_of(cast(full_points * 100 * least(hours, 120) as bigint), 12000) as decimal(9, 4))
        end as points
    from pointed
)

select * from final
