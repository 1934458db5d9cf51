/*
title = "Match rates now, beside those when subjects were last linked"
grain = ["dimension", "category"]
reads = ["link_group"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
dimension = "source or provider"
category = "The source, or the establishment of the subject's latest enrolment or placement; not_known where it has none"
n_subjects = "Subjects now"
n_linked = "Of them linked now"
rate = "n_linked / n_subjects"
n_before = "Subjects that were there when subjects were last linked"
n_linked_before = "Of them linked then"
rate_before = "n_linked_before / n_before; empty when there was nobody"
n_new = "Subjects that came since"
n_new_linked = "Of them linked"
rate_new = "n_new_linked / n_new; empty when nobody came"
n_lost = "Subjects that were linked and stand alone now"
change = "rate less rate_before"
change_new = "rate_new less rate_before: what a guard looks at, for the old would hide the new"
*/
with counts as (
    select
        dimension,
        category,
        count(*) as n_subjects,
        count(*) filter (where is_linked) as n_linked,
        count(linked_before) as n_before,
        count(*) filter (where linked_before) as n_linked_before,
        count(*) filter (where linked_before is null) as n_new,
        count(*) filter (where linked_before is null and is_linked) as n_new_linked,
        count(*) filter (where linked_before and not is_linked) as n_lost
    from link_group
    where dimension in ('source', 'provider')
    group by dimension, category
),

final as (
    select
        dimension,
        category,
        n_subjects,
        n_linked,
        share_of(n_linked, n_subjects) as rate,
        n_before,
        n_linked_before,
        share_of(n_linked_before, n_before) as rate_before,
        n_new,
        n_new_linked,
        share_of(n_new_linked, n_new) as rate_new,
        n_lost,
        share_of(n_linked, n_subjects) - share_of(n_linked_before, n_before) as change,
        share_of(n_new_linked, n_new) - share_of(n_linked_before, n_before) as change_new
    from counts
)

select * from final
