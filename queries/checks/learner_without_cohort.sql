/*
title = "Learners without a birth month, who therefore belong to no cohort"
grain = ["learner_id"]
reads = ["learner"]
*/
with final as (
    select learner_id
    from learner
    where cohort_ay is null
)

select * from final
