/*
title = "Subjects linked to more than one learner: there must be none"
grain = ["subject_id"]
reads = ["learner_link"]
*/
with final as (
    select id_text(subject_id) as subject_id, count(*) as n_links
    from learner_link
    group by subject_id
    having count(*) > 1
)

select * from final
