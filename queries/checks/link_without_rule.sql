/*
title = "Policy says nothing of linkage for the year from which the build looks back"
grain = ["ay"]
reads = ["link_rule"]
*/
with final as (
    select ay, basis
    from link_rule
    where basis = 'no_rule_for_year'
       or weight_cap is null
)

select * from final
