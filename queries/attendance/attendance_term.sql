/*
title = "In which terms each source told of a subject's sessions"
grain = ["subject_id", "source", "ay"]
reads = ["attendance_sum", "build_context"]
each_year_of = "lake_attendance"
[columns]
subject_id = "The person as one source knows them"
ay = "The academic year, by its end year; empty where rows have no date, or one after the day the build looks back from"
in_autumn = "Whether any period begins from September to December"
in_spring = "Whether any begins from January to March"
in_summer = "Whether any begins from April to August"
*/
-- By itself, so that it stays the same from day to day: a week more, or one told anew, changes no term. Rows without a year come
-- from several years, and are added up by whoever reads.
with told as (
    select
        attendance_sum.subject_id,
        attendance_sum.source,
        attendance_sum.ay,
        attendance_sum.first_in_autumn <= build_context.as_of as in_autumn,
        attendance_sum.first_in_spring <= build_context.as_of as in_spring,
        attendance_sum.first_in_summer <= build_context.as_of as in_summer
    from attendance_sum
    cross join build_context
    where attendance_sum.first_starts_on <= build_context.as_of
    union all
    select
        attendance_sum.subject_id,
        attendance_sum.source,
        cast(null as smallint) as ay,
        false as in_autumn,
        false as in_spring,
        false as in_summer
    from attendance_sum
    cross join build_context
    where attendance_sum.ay is null
       or attendance_sum.last_starts_on > build_context.as_of
),

final as (
    select
        subject_id,
        source,
        ay,
        bool_or(coalesce(in_autumn, false)) as in_autumn,
        bool_or(coalesce(in_spring, false)) as in_spring,
        bool_or(coalesce(in_summer, false)) as in_summer
    from told
    group by subject_id, source, ay
)

select * from final
