/*
title = "How firmly each learner's subjects hold together"
grain = ["learner_id"]
reads = ["subject_profile"]
[columns]
learner_id = "Pseudonym of the learner"
lowest_probability = "The least probability of any of its links, a rule counting as 1; empty for a learner of one subject"
*/
with final as (
    select
        learner_id,
        count(*) as n_subjects,
        count(distinct source) as n_sources,
        min(probability) filter (where is_linked) as lowest_probability
    from subject_profile
    group by learner_id
)

select * from final
