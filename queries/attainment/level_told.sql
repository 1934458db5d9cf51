/*
title = "Whether anybody tells of awards in the years after sixteen: in all, and where each learner was on a roll"
grain = ["learner_id", "by_age"]
reads = ["learner", "school", "school_successor", "stg_enrolment", "stg_qualification", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
by_age = "18 or 19: the end of academic age 17 or 18"
is_held = "Whether awards after sixteen are held of anybody of the cohort year in any of the years up to it"
n_years_on_roll = "Years after Year 11 and up to it with a roll at a school, college or provider"
n_years_told = "Of them those in which somebody tells of awards after sixteen at one of these places"
*/
-- Whoever tells of awards after sixteen tells of some at Level 3, passed or not: a GCSE of somebody a year behind says nothing of the others.
-- A learner record names apprenticeships and T levels and no other aim by its level, so that these alone tell nothing either.
-- A sixth form that converts goes on under another number: a roll under the old one is told of by awards under the new,
-- and so is one of a school that merged by then.
with awards as (
    select distinct
        learner.cohort_ay,
        coalesce(school.school_id, stg_qualification.establishment_id) as place,
        academic_year(stg_qualification.awarded_on) as ay
    from stg_qualification
    inner join learner on learner.learner_id = stg_qualification.learner_id
    left join school on school.establishment_id = stg_qualification.establishment_id
    where stg_qualification.awarded_on > year_ends_on(learner.cohort_ay + 5)
      and (stg_qualification.level = '3' or stg_qualification.kind in ('a_level', 'as_level'))
      and stg_qualification.kind not in ('apprenticeship', 't_level')
),

places_told as (
    select distinct place, ay
    from awards
    where place is not null
),

ages as (
    select
        learner.learner_id,
        learner.cohort_ay,
        ages.by_age,
        ages.n_years
    from learner
    cross join (values (18, 2), (19, 3)) as ages(by_age, n_years)
    cross join build_context
    where year_ends_on(learner.cohort_ay + 5 + ages.n_years) <= build_context.as_of
),

held as (
    select
        ages.cohort_ay,
        ages.by_age,
        count(awards.ay) > 0 as is_held
    from (select distinct cohort_ay, by_age, n_years from ages) as ages
    left join awards
        on awards.cohort_ay = ages.cohort_ay
       and awards.ay <= ages.cohort_ay + 5 + ages.n_years
    group by ages.cohort_ay, ages.by_age
),

-- A place of two years is a roll in each of them.
rolls as (
    select
        learner.learner_id,
        learner.cohort_ay + 5 + steps.step as ay,
        steps.step,
        max(case when places_told.ay is not null or later_told.ay is not null then 1 else 0 end) as is_told
    from learner
    cross join build_context
    cross join (values (1), (2), (3)) as steps(step)
    inner join stg_enrolment
        on stg_enrolment.learner_id = learner.learner_id
       and stg_enrolment.status in ('C', 'M', 'F')
       and stg_enrolment.starts_on <= year_ends_on(learner.cohort_ay + 5 + steps.step)
       and coalesce(stg_enrolment.ends_on, stg_enrolment.observed_on, build_context.as_of) >= year_starts_on(learner.cohort_ay + 5 + steps.step)
    left join school on school.establishment_id = stg_enrolment.establishment_id
    left join places_told
        on places_told.place = coalesce(school.school_id, stg_enrolment.establishment_id)
       and places_told.ay = learner.cohort_ay + 5 + steps.step
    left join school_successor
        on school_successor.school_id = school.school_id
       and coalesce(school_successor.became_on <= year_ends_on(learner.cohort_ay + 5 + steps.step), true)
    left join places_told as later_told
        on later_told.place = school_successor.successor_id
       and later_told.ay = learner.cohort_ay + 5 + steps.step
    group by learner.learner_id, learner.cohort_ay, steps.step
),

final as (
    select
        ages.learner_id,
        ages.by_age,
        held.is_held,
        count(rolls.ay) as n_years_on_roll,
        coalesce(sum(rolls.is_told), 0) as n_years_told
    from ages
    inner join held
        on held.cohort_ay = ages.cohort_ay
       and held.by_age = ages.by_age
    left join rolls
        on rolls.learner_id = ages.learner_id
       and rolls.step <= ages.n_years
    group by ages.learner_id, ages.by_age, held.is_held
)

select * from final
