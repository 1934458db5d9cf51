/*
title = "Main spells of one learner that share a day: there must be none"
grain = ["learner_id", "spell_no"]
reads = ["spell"]
*/
with main_spells as (
    select
        learner_id, spell_no, starts_on, ends_on,
        lag(ends_on) over (partition by learner_id order by starts_on asc nulls last, ends_on asc nulls last) as end_before
    from spell
    where role = 'main'
),

final as (
    select learner_id, spell_no, starts_on, ends_on
    from main_spells
    where starts_on <= end_before
)

select * from final
