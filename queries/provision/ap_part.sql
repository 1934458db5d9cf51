/*
title = "What the sources say of each placement, one row of the best account for each source row that belongs to it"
grain = ["learner_id", "stay_no", "source", "row_key"]
reads = ["stay", "school", "stg_placement"]
[columns]
learner_id = "Pseudonym of the learner"
stay_no = "The placement: the stay of role placement that the row lies in"
*/
-- A unit that becomes an academy goes on: rows under the old number are parts of the placement, which has the new one.
with final as (
    select
        stay.learner_id,
        stay.stay_no,
        stg_placement.source,
        stg_placement.row_key,
        stg_placement.starts_on,
        stg_placement.ends_on,
        stg_placement.commissioner,
        stg_placement.reason,
        stg_placement.planned_end_on,
        stg_placement.hours_per_week,
        stg_placement.attendance_pattern,
        stg_placement.sessions_offered,
        stg_placement.sessions_attended,
        stg_placement.objectives_set,
        stg_placement.reviews_held,
        stg_placement.end_reason,
        stg_placement.cost_per_week
    from stay
    inner join stg_placement
        on stg_placement.learner_id = stay.learner_id
       and coalesce(stg_placement.legal_basis, 'not_known') = stay.legal_basis
       and stg_placement.starts_on >= stay.starts_on
       and stg_placement.starts_on <= stay.ends_on
    left join school on school.establishment_id = stg_placement.establishment_id
    where stay.role = 'placement'
      and coalesce(school.school_id, stg_placement.establishment_id) = coalesce(stay.school_id, stay.establishment_id)
)

select * from final
