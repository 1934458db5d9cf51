/*
title = "The states at sixteen, in the order in which they are tried"
grain = ["state"]
reads = []
materialise = "view"
*/
with final as (
    select cast(state_order as integer) as state_order, state
    from (values
        (1, 'died'),
        (2, 'left_england'),
        (3, 'moved_out_of_area'),
        (4, 'ks4_mainstream'),
        (5, 'ks4_special'),
        (6, 'ks4_ap'),
        (7, 'ks4_independent'),
        (8, 'ks4_home_educated'),
        (9, 'ks4_elsewhere'),
        (10, 'in_custody'),
        (11, 'home_educated'),
        (12, 'ap_no_ks4'),
        (13, 'on_roll_no_results'),
        (14, 'post16_seen'),
        (15, 'missing_education'),
        (16, 'not_found')
    ) as listed(state_order, state)
)

select * from final
