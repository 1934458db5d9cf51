/*
title = "Cohort years for which the policy table says nothing of key stage 2"
grain = ["cohort_ay"]
reads = ["cohort_member"]
*/
with final as (
    select cohort_ay, count(*) as n_members
    from cohort_member
    where ks2_state = 'no_rule_for_year'
    group by cohort_ay
)

select * from final
