/*
title = "Accounts of sessions that something told elsewhere keeps from being added up as they stand"
grain = ["subject_id", "establishment_id", "ay", "source"]
reads = ["attendance_told"]
each_year_of = "lake_attendance"
[columns]
subject_id = "The subject of the source that it is told of"
*/
-- By itself, so that it stays the same from day to day: whether a year can add up its own weeks is not in it.
with final as (
    select subject_id, establishment_id, ay, source
    from attendance_told
    where is_doubted
)

select * from final
