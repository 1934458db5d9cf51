/*
title = "High attainers at eleven: whether what they promised was realised, by GCSEs or by another route, side by side"
grain = ["learner_id"]
reads = ["cohort_member", "cohort_outcome", "ks4_result", "outcome_vector"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
cohort_ay = "The academic year, by its end year, of Year 6"
gcse_route = "yes, no or unknown: five or more GCSEs at 7 to 9, as in the headline"
stays_in_top_third = "yes, no or unknown: in the top third of the cohort by Attainment 8, ties in; the other reading of the same idea, in no sum"
level2_english_maths = "yes, no or unknown: level 2 in both by any qualification"
sustained = "yes, no, unknown or not_due: in education or work from October to March at 16 and at 17"
travelled = "yes, no or unknown: distance travelled index of 55 or more"
other_route = "yes, no, unknown or not_due: level 2 English and maths or a travelled index of 55, and sustained"
category = "realised_gcse; realised_other; unknown: by neither, and one of the two cannot be told, or not yet; partial: by neither, with one element of the other; not_yet"
*/
-- Whoever has one element of a route and may yet turn out to have the rest is not known not to have realised it.
with ranked as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        cohort_member.ks2_band,
        ks4_result.attainment8,
        rank() over (partition by cohort_member.cohort_ay order by ks4_result.attainment8 desc nulls last) - 1 as n_above,
        count(ks4_result.attainment8) over (partition by cohort_member.cohort_ay) as n_scored
    from cohort_member
    inner join ks4_result on ks4_result.learner_id = cohort_member.learner_id
),

facts as (
    select
        ranked.learner_id,
        ranked.cohort_ay,
        case when cohort_outcome.five_gcse_7_9 then 'yes' when cohort_outcome.result_state = 'unknown' then 'unknown' else 'no' end as gcse_route,
        case when ranked.attainment8 is null then 'unknown' when 3 * ranked.n_above < ranked.n_scored then 'yes' else 'no' end as stays_in_top_third,
        case when cohort_outcome.level2_english_maths then 'yes' when cohort_outcome.result_state = 'unknown' then 'unknown' else 'no' end as level2_english_maths,
        case when outcome_vector.sustained_16 = 'sustained' and outcome_vector.sustained_17 = 'sustained' then 'yes'
             when outcome_vector.sustained_16 = 'not_sustained' or outcome_vector.sustained_17 = 'not_sustained' then 'no'
             when outcome_vector.sustained_16 = 'not_due' or outcome_vector.sustained_17 = 'not_due' then 'not_due'
             else 'unknown' end as sustained,
        case when outcome_vector.distance_index >= 55 then 'yes' when outcome_vector.distance_index is not null then 'no' else 'unknown' end as travelled
    from ranked
    inner join cohort_outcome on cohort_outcome.learner_id = ranked.learner_id
    inner join outcome_vector on outcome_vector.learner_id = ranked.learner_id
    where ranked.ks2_band = 'high'
),

routes as (
    select
        facts.*,
        case when (level2_english_maths = 'yes' or travelled = 'yes') and sustained = 'yes' then 'yes'
             when sustained = 'no' or (level2_english_maths = 'no' and travelled = 'no') then 'no'
             when level2_english_maths = 'unknown' and travelled = 'unknown' then 'unknown'
             when sustained = 'not_due' then 'not_due'
             else 'unknown'
        end as other_route
    from facts
),

final as (
    select
        learner_id,
        cohort_ay,
        gcse_route,
        stays_in_top_third,
        level2_english_maths,
        sustained,
        travelled,
        other_route,
        case when gcse_route = 'yes' then 'realised_gcse'
             when other_route = 'yes' then 'realised_other'
             when gcse_route = 'unknown' or other_route <> 'no' then 'unknown'
             when level2_english_maths = 'yes' or travelled = 'yes' or sustained = 'yes' then 'partial'
             else 'not_yet'
        end as category
    from routes
)

select * from final
