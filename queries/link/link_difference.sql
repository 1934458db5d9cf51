/*
title = "How those linked differ from those who were not"
grain = ["dimension", "category"]
reads = ["link_quality"]
purposes = ["research", "participation"]
published = true
[columns]
dimension = "What subjects are grouped by: setting, sex, ethnicity, sen, fsm, care, eal or upn"
category = "The group; not_known is one of them, since who is not described is itself a difference"
n_linked = "Linked subjects in the group"
n_all_linked = "Linked subjects in all groups of the dimension"
n_not_linked = "Subjects of the group that stand alone"
n_all_not_linked = "Subjects of all groups that stand alone"
n_not_known = "Subjects whose group is not known, over the whole dimension: what is missing"
share_linked = "n_linked / n_all_linked"
share_not_linked = "n_not_linked / n_all_not_linked"
standardised_difference = "The difference of the two shares over their spread; beyond 0.1 either way it is usually called an imbalance"
*/
with totals as (
    select
        dimension,
        category,
        n_linked,
        n_subjects - n_linked as n_not_linked,
        n_not_known,
        cast(sum(n_linked) over (partition by dimension) as bigint) as n_all_linked,
        cast(sum(n_subjects - n_linked) over (partition by dimension) as bigint) as n_all_not_linked
    from link_quality
    where dimension not in ('all', 'source', 'provider')
),

final as (
    select
        dimension,
        category,
        n_linked,
        n_all_linked,
        n_not_linked,
        n_all_not_linked,
        n_not_known,
        share_of(n_linked, n_all_linked) as share_linked,
        share_of(n_not_linked, n_all_not_linked) as share_not_linked,
        standardised_difference(n_linked, n_all_linked, n_not_linked, n_all_not_linked) as standardised_difference
    from totals
)

select * from final
