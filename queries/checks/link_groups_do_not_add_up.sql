/*
title = "Ways of grouping subjects whose groups do not add up to all subjects: there must be none"
grain = ["dimension"]
reads = ["link_quality"]
*/
with sums as (
    select dimension, sum(n_subjects) as n_subjects, sum(n_linked) as n_linked
    from link_quality
    group by dimension
),

everybody as (
    select n_subjects, n_linked
    from sums
    where dimension = 'all'
),

final as (
    select sums.dimension, sums.n_subjects, everybody.n_subjects as n_all
    from sums
    cross join everybody
    where sums.n_subjects <> everybody.n_subjects
       or sums.n_linked <> everybody.n_linked
)

select * from final
