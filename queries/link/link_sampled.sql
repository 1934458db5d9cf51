/*
title = "What persons found in pairs drawn by chance, band by band, as a share of all that are joined"
grain = ["band"]
reads = ["link_sample"]
[columns]
band = "certain: joined by a rule; likely: by weights; other bands are of pairs that were not joined"
n_sampled = "Pairs of the band that a person looked at"
n_agreed = "Of them, one person, as the person found"
sampled = "Share of what is joined that is one person, each rule and each range of probability counted by how many it had joined"
sampled_low = "Lower end of its 95% interval"
sampled_high = "Upper end of its 95% interval"
*/
-- As many pairs are drawn of a rule that joins few as of one that joins nearly all. So that the rare ones do not speak for the others, what was found
-- of each counts by how many it had joined; where that was not kept, each pair counts alike.
with drawn as (
    select
        band,
        count(*) as n_sampled,
        count(*) filter (where agreed) as n_agreed,
        coalesce(max(n_joined), count(*)) as n_joined
    from link_sample
    group by band, drawn_from
),

sums as (
    select
        band,
        cast(sum(n_sampled) as bigint) as n_sampled,
        cast(sum(n_agreed) as bigint) as n_agreed,
        cast(sum(n_joined) as bigint) as n_joined,
        sum(grossed_up(n_agreed, n_sampled, n_joined)) as found,
        sum(grossed_up(n_joined, n_sampled, n_joined)) as squares
    from drawn
    group by band
),

final as (
    select
        band,
        n_sampled,
        n_agreed,
        ratio_of_chances(found, n_joined) as sampled,
        grossed_low(found, n_joined, squares) as sampled_low,
        grossed_high(found, n_joined, squares) as sampled_high
    from sums
)

select * from final
