/*
title = "The days on which each learner's risk is told: the end of Year 10, and today for Years 8 to 11"
grain = ["learner_id", "predicted_on"]
reads = ["learner", "stg_enrolment", "stg_placement", "stg_off_roll", "stg_assessment", "stg_circumstance", "stg_sen", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
predicted_on = "The day of the prediction: nothing dated after it is used"
year_group = "Year group by age on that day"
known_since = "The earliest day of which anything says anything of the learner"
*/
-- Whoever is heard of only after the day is told nothing for it: nobody could have.
with sightings as (
    select learner_id, coalesce(observed_on, starts_on) as known_on from stg_enrolment
    union all
    select learner_id, starts_on as known_on from stg_placement
    union all
    select learner_id, starts_on as known_on from stg_off_roll
    union all
    select learner_id, taken_on as known_on from stg_assessment where kind = 'ks2'
    union all
    select learner_id, observed_on as known_on from stg_circumstance
    union all
    select learner_id, observed_on as known_on from stg_sen
),

heard_of as (
    select learner_id, min(known_on) as known_since
    from sightings
    where known_on is not null
    group by learner_id
),

days as (
    select learner.learner_id, learner.cohort_ay, year_ends_on(learner.cohort_ay + 4) as predicted_on
    from learner
    union
    select learner.learner_id, learner.cohort_ay, build_context.as_of as predicted_on
    from learner
    cross join build_context
    where academic_year(build_context.as_of) - learner.cohort_ay between 2 and 5
),

final as (
    select
        days.learner_id,
        days.predicted_on,
        cast(academic_year(days.predicted_on) - days.cohort_ay + 6 as integer) as year_group,
        heard_of.known_since
    from days
    cross join build_context
    inner join heard_of
        on heard_of.learner_id = days.learner_id
       and heard_of.known_since <= days.predicted_on
    where days.predicted_on <= build_context.as_of
)

select * from final
