/*
title = "Home or missing education entries that overlap a roll or a placement, and are not shown on those days"
grain = ["learner_id", "legal_basis", "starts_on"]
reads = ["stay"]
*/
with entries as (
    select learner_id, legal_basis, role, starts_on, ends_on
    from stay
    where role in ('home', 'missing')
),

outranking as (
    select learner_id, role, starts_on, ends_on
    from stay
    where role in ('main', 'placement')
),

final as (
    select distinct entries.learner_id, entries.legal_basis, entries.starts_on, entries.ends_on
    from entries
    inner join outranking
        on outranking.learner_id = entries.learner_id
       and outranking.starts_on <= entries.ends_on
       and outranking.ends_on >= entries.starts_on
)

select * from final
