/*
title = "Key stage 2 rows that say something else than the row that stands"
grain = ["learner_id", "subject", "place"]
reads = ["ks2_row"]
*/
with standing as (
    select learner_id, subject, status, score
    from ks2_row
    where place = 1
),

final as (
    select
        ks2_row.learner_id,
        ks2_row.subject,
        ks2_row.place,
        ks2_row.baseline_source,
        ks2_row.source,
        ks2_row.status,
        ks2_row.score,
        standing.status as standing_status,
        standing.score as standing_score
    from ks2_row
    inner join standing
        on standing.learner_id = ks2_row.learner_id
       and standing.subject = ks2_row.subject
    where ks2_row.place > 1
      and (ks2_row.status is distinct from standing.status or ks2_row.score is distinct from standing.score)
)

select * from final
