/*
title = "What is told of each subject's sessions at one school in one year, added up as it stands"
grain = ["subject_id", "establishment_id", "ay", "source", "tombstone"]
reads = ["lake_attendance"]
each_year_of = "lake_attendance"
[columns]
subject_id = "The subject of the source that it is told of"
ay = "The academic year of the periods' first days; empty where they have none"
tombstone = "Whether rows are taken back: such a row names nothing but what it takes back"
first_starts_on = "First day of the first period"
last_starts_on = "First day of the last"
last_ends_on = "Last day of whichever ends last"
first_in_autumn = "First day of the first that begins from September to December"
first_in_spring = "The same from January to March"
first_in_summer = "The same from April to August"
is_each_in_a_week = "Whether each period lies within a week"
weeks = "A bit for each week that one begins in"
n_periods = "Periods, each version of them"
n_periods_not_known = "Of them those whose sessions or absences are not known"
sessions_possible = "Possible sessions of the periods that are known; empty when none is"
sessions_absent = "Of them missed"
*/
-- Weeks are most of a lake, and most of them were told in former years: each year is added up by itself, once. Nothing here
-- depends on the day that a build looks back from, or on who a subject is.
with periods as (
    select
        subject_id,
        establishment_id,
        academic_year(period_starts_on) as ay,
        source,
        tombstone,
        period_starts_on as starts_on,
        coalesce(period_ends_on, period_starts_on) as ends_on,
        sessions_possible,
        sessions_authorised,
        sessions_unauthorised,
        coalesce(sessions_authorised + sessions_unauthorised, sessions_possible - sessions_attended) as sessions_absent
    from lake_attendance
),

told as (
    select
        *,
        sessions_possible is not null and sessions_absent is not null as is_known,
        sessions_possible is not null and sessions_authorised is not null and sessions_unauthorised is not null as is_told_apart
    from periods
),

final as (
    select
        subject_id,
        establishment_id,
        ay,
        source,
        tombstone,
        min(starts_on) as first_starts_on,
        max(starts_on) as last_starts_on,
        max(ends_on) as last_ends_on,
        -- A year begins in autumn.
        case when month(min(starts_on)) >= 9 then min(starts_on) end as first_in_autumn,
        min(case when month(starts_on) <= 3 then starts_on end) as first_in_spring,
        min(case when month(starts_on) between 4 and 8 then starts_on end) as first_in_summer,
        bool_and(week_no(starts_on) = week_no(ends_on)) as is_each_in_a_week,
        weeks_of(starts_on) as weeks,
        cast(count(*) as integer) as n_periods,
        cast(count(*) filter (where not is_known) as integer) as n_periods_not_known,
        cast(sum(case when is_known then sessions_possible end) as integer) as sessions_possible,
        cast(sum(case when is_known then sessions_absent end) as integer) as sessions_absent,
        cast(sum(case when is_told_apart then sessions_authorised end) as integer) as sessions_authorised,
        cast(sum(case when is_told_apart then sessions_unauthorised end) as integer) as sessions_unauthorised
    from told
    group by subject_id, establishment_id, ay, source, tombstone
)

select * from final
