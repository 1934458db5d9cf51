/*
title = "Match rates of whom a source or an establishment tells of in its newest year, beside those before"
grain = ["dimension", "category"]
reads = ["link_group", "subject_told"]
purposes = ["research", "participation"]
published = true
[columns]
dimension = "source or provider"
category = "The source, or the establishment of the subject's latest enrolment or placement; not_known where it has none"
newest_ay = "The newest academic year, by its end year, in which a subject of it was told of for the first time; empty without dates"
n_before = "Subjects told of for the first time in earlier years"
n_linked_before = "Of them linked"
rate_before = "n_linked_before / n_before; empty when there was nobody"
n_new = "Subjects told of for the first time in the newest year"
n_new_linked = "Of them linked"
rate_new = "n_new_linked / n_new; empty when there was nobody"
n_missing = "Subjects of whom no row has a date: in neither"
change = "rate_new less rate_before; a drop is a sheet that changed, and would be hidden among the old in a rate of all"
*/
-- By what rows are about and not by when they were pulled: the same rows give the same rates whoever pulled them when.
with beginnings as (
    select subject_id, min(ay) as began_ay
    from subject_told
    group by subject_id
),

by_year as (
    select
        link_group.dimension,
        link_group.category,
        beginnings.began_ay,
        count(*) as n,
        count(*) filter (where link_group.is_linked) as n_linked
    from link_group
    left join beginnings on beginnings.subject_id = link_group.subject_id
    where link_group.dimension in ('source', 'provider')
    group by link_group.dimension, link_group.category, beginnings.began_ay
),

grouped as (
    select
        *,
        max(began_ay) over (partition by dimension, category) as newest_ay
    from by_year
),

counts as (
    select
        dimension,
        category,
        newest_ay,
        cast(sum(case when began_ay < newest_ay then n else 0 end) as bigint) as n_before,
        cast(sum(case when began_ay < newest_ay then n_linked else 0 end) as bigint) as n_linked_before,
        cast(sum(case when began_ay = newest_ay then n else 0 end) as bigint) as n_new,
        cast(sum(case when began_ay = newest_ay then n_linked else 0 end) as bigint) as n_new_linked,
        cast(sum(case when began_ay is null then n else 0 end) as bigint) as n_missing
    from grouped
    group by dimension, category, newest_ay
),

final as (
    select
        dimension,
        category,
        newest_ay,
        n_before,
        n_linked_before,
        share_of(n_linked_before, n_before) as rate_before,
        n_new,
        n_new_linked,
        share_of(n_new_linked, n_new) as rate_new,
        n_missing,
        share_of(n_new_linked, n_new) - share_of(n_linked_before, n_before) as change
    from counts
)

select * from final
