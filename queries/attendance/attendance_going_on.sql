/*
title = "Learners of whom a source tells a period at a school that goes on into the next academic year, and may hold weeks of it"
grain = ["learner_id", "establishment_id", "source"]
reads = ["attendance_sum", "learner_link", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
*/
with final as (
    select distinct id_text(learner_link.learner_id) as learner_id, attendance_sum.establishment_id, attendance_sum.source
    from attendance_sum
    cross join build_context
    inner join learner_link on learner_link.subject_id = attendance_sum.subject_id
    where attendance_sum.last_ends_on > year_ends_on(attendance_sum.ay)
      and attendance_sum.first_starts_on <= build_context.as_of
      and not attendance_sum.tombstone
)

select * from final
