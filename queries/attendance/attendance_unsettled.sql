/*
title = "Subjects of whom rows were taken back, or had no place for a time: none of their accounts can be added up as it stands"
grain = ["source", "subject_id"]
reads = ["attendance_sum"]
[columns]
subject_id = "The person as one source knows them"
*/
-- Which row a removal takes back, it does not say. Once a restriction is lifted, the same row stands under its school again, a
-- later version of the one without.
with final as (
    select distinct source, subject_id
    from attendance_sum
    where tombstone
       or establishment_id = 'withheld'
)

select * from final
