/*
title = "What had become by sixteen and after of whoever was placed, beside each placement"
grain = ["learner_id", "placement_no"]
reads = ["ap_placement", "ladder_result", "cohort_outcome", "outcome_vector"]
of_many = ["attendance_change", "distance_index", "index_state"]
[columns]
learner_id = "Pseudonym of the learner"
placement_no = "The placement"
is_finished = "Whether the cohort has been followed up to sixteen"
*/
with final as (
    select
        ap_placement.*,
        ladder_result.learner_id is not null as is_finished,
        ladder_result.ladder_state,
        ladder_result.ladder5,
        ladder_result.english_entry,
        ladder_result.maths_entry,
        cohort_outcome.level1_english_maths,
        cohort_outcome.level2_english_maths,
        outcome_vector.distance_index,
        outcome_vector.index_state,
        outcome_vector.sustained_16,
        outcome_vector.sustained_17
    from ap_placement
    left join ladder_result on ladder_result.learner_id = ap_placement.learner_id
    left join cohort_outcome on cohort_outcome.learner_id = ap_placement.learner_id
    left join outcome_vector on outcome_vector.learner_id = ap_placement.learner_id
)

select * from final
