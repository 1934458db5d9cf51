/*
title = "How long until half of the placements of a provider and year have ended, those that last counted as far as they are seen"
grain = ["establishment_id", "ay", "audit_group"]
reads = ["ap_placement"]
[columns]
establishment_id = "Provider, or all"
median_days = "Kaplan and Meier's median; empty when less than half have ended"
*/
with placements as (
    select establishment_id, ay, audit_group, days, is_open
    from ap_placement
    union all
    select 'all' as establishment_id, ay, audit_group, days, is_open
    from ap_placement
),

-- Of those still there on a day, the share that ends on it. Logarithms are kept as decimals so that their sum is exact.
steps as (
    select
        ends.establishment_id,
        ends.ay,
        ends.audit_group,
        ends.days,
        sum(case when placements.days = ends.days and not placements.is_open then 1 else 0 end) as n_ended,
        count(*) as n_at_risk
    from (select distinct establishment_id, ay, audit_group, days from placements where not is_open) as ends
    inner join placements
        on placements.establishment_id = ends.establishment_id
       and placements.ay = ends.ay
       and placements.audit_group = ends.audit_group
       and placements.days >= ends.days
    group by ends.establishment_id, ends.ay, ends.audit_group, ends.days
),

curves as (
    select
        establishment_id,
        ay,
        audit_group,
        days,
        sum(case when n_ended = n_at_risk then cast(-1000 as decimal(18, 12))
                 else cast(round(ln(1e0 - 1e0 * n_ended / n_at_risk), 12) as decimal(18, 12)) end) over (
            partition by establishment_id, ay, audit_group
            order by days asc nulls last
            rows between unbounded preceding and current row
        ) as log_left
    from steps
),

final as (
    select
        establishment_id,
        ay,
        audit_group,
        cast(min(days) as integer) as median_days
    from curves
    where log_left <= ln(0.5e0) + 1e-9
    group by establishment_id, ay, audit_group
)

select * from final
