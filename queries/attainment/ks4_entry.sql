/*
title = "The results that count at the end of key stage 4, one for each subject, on the points scale of the year"
grain = ["learner_id", "reading", "kind", "subject"]
reads = ["cohort_member", "outcome", "code_ks4_points", "code_ks4_element", "code_grade", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
reading = "best: the best entry of a subject counts; first: the earliest, as the performance tables have it"
points = "Points on the scale of the year in which the learner finishes key stage 4; empty where that scale has none"
equivalent = "The grade in numbers: A is 7, C is 4; a legacy B or C spans 5 and 6"
*/
-- An early entry counts in the year in which its learner finishes, on that year's scale, whatever the year of the award.
with counted as (
    select
        outcome.learner_id,
        cast(cohort_member.cohort_ay + 5 as smallint) as ks4_ay,
        outcome.kind,
        outcome.subject,
        outcome.level,
        outcome.grade,
        outcome.passed,
        outcome.awarded_on,
        cast(code_ks4_points.points as decimal(9, 2)) as points,
        cast(code_grade.points as integer) as equivalent,
        coalesce(code_grade.scale = 'gcse_legacy', false) as is_legacy,
        case when outcome.kind = 'gcse' then coalesce(code_ks4_element.element, 'open') else 'open' end as element,
        case when outcome.kind = 'gcse' then coalesce(cast(code_ks4_element.awards as integer), 1) else 1 end as awards,
        case when outcome.kind = 'gcse' then code_ks4_element.ebacc_pillar end as ebacc_pillar
    from outcome
    cross join build_context
    inner join cohort_member on cohort_member.learner_id = outcome.learner_id
    left join code_grade on code_grade.code = outcome.grade
    left join code_ks4_points
        on code_ks4_points.code = case when outcome.kind = 'gcse' then outcome.grade
                                       else concat(outcome.level, '/', outcome.grade) end
       and (code_ks4_points.valid_from is null or code_ks4_points.valid_from <= year_ends_on(cohort_member.cohort_ay + 5))
       and (code_ks4_points.valid_to is null or code_ks4_points.valid_to > year_ends_on(cohort_member.cohort_ay + 5))
    left join code_ks4_element
        on code_ks4_element.code = outcome.subject
       and (code_ks4_element.valid_from is null or code_ks4_element.valid_from <= year_ends_on(cohort_member.cohort_ay + 5))
       and (code_ks4_element.valid_to is null or code_ks4_element.valid_to > year_ends_on(cohort_member.cohort_ay + 5))
    where outcome.counts_in_tables
      and outcome.passed is not null
      and outcome.awarded_on <= year_ends_on(cohort_member.cohort_ay + 5)
      and year_ends_on(cohort_member.cohort_ay + 5) <= build_context.as_of
),

ranked as (
    select
        counted.*,
        readings.reading,
        row_number() over (
            partition by counted.learner_id, readings.reading, counted.kind, counted.subject
            order by case readings.reading when 'first' then counted.awarded_on end asc nulls last,
                     counted.points desc nulls last, counted.equivalent desc nulls last,
                     case when counted.passed then 1 else 2 end asc nulls last, counted.level desc nulls last,
                     counted.grade asc nulls last, counted.awarded_on asc nulls last
        ) as place
    from counted
    cross join (values ('best'), ('first')) as readings(reading)
),

final as (
    select
        learner_id,
        ks4_ay,
        reading,
        kind,
        subject,
        level,
        grade,
        passed,
        awarded_on,
        points,
        equivalent,
        is_legacy,
        element,
        awards,
        ebacc_pillar
    from ranked
    where place = 1
)

select * from final
