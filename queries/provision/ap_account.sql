/*
title = "Each placement as its sources tell it: sessions of the fullest account, the rest as last said"
grain = ["learner_id", "stay_no"]
reads = ["ap_part", "stay"]
[columns]
learner_id = "Pseudonym of the learner"
stay_no = "The placement"
pence_days = "Pence a week times days at that price, added up over the days of the placement; empty where no source has a price"
*/
-- A place renewed in September is several rows of one source: their sessions add up. Several sources never do.
with sums as (
    select
        learner_id,
        stay_no,
        source,
        sum(sessions_offered) as offered,
        sum(case when sessions_offered is not null then sessions_attended end) as attended,
        sum(reviews_held) as reviews
    from ap_part
    group by learner_id, stay_no, source
),

fullest as (
    select
        *,
        row_number() over (partition by learner_id, stay_no
                           order by offered desc nulls last, attended desc nulls last, source asc nulls last) as place
    from sums
),

latest as (
    select
        *,
        row_number() over (partition by learner_id, stay_no
                           order by starts_on desc nulls last, source asc nulls last, row_key asc nulls last) as lateness,
        row_number() over (partition by learner_id, stay_no
                           order by case when hours_per_week is not null then 1 else 2 end asc nulls last,
                                    starts_on desc nulls last, source asc nulls last, row_key asc nulls last) as hours_lateness,
        row_number() over (partition by learner_id, stay_no
                           order by starts_on asc nulls last, source asc nulls last, row_key asc nulls last) as earliness
    from ap_part
),

-- A price holds from the first day of the row that names it until another does; the first of all from the beginning.
priced as (
    select
        *,
        row_number() over (partition by learner_id, stay_no, starts_on order by source asc nulls last, row_key asc nulls last) as place
    from ap_part
    where cost_per_week is not null
),

steps as (
    select
        priced.learner_id,
        priced.stay_no,
        priced.cost_per_week,
        case when row_number() over (partition by priced.learner_id, priced.stay_no order by priced.starts_on asc nulls last) = 1
             then stay.starts_on else priced.starts_on end as from_on,
        coalesce(lead(priced.starts_on) over (partition by priced.learner_id, priced.stay_no order by priced.starts_on asc nulls last),
                 add_days(stay.ends_on, 1)) as until_on
    from priced
    inner join stay
        on stay.learner_id = priced.learner_id
       and stay.stay_no = priced.stay_no
    where priced.place = 1
),

paid as (
    select learner_id, stay_no, cast(sum(cost_per_week * 100 * days_between(from_on, until_on)) as bigint) as pence_days
    from steps
    group by learner_id, stay_no
),

final as (
    select
        latest.learner_id,
        latest.stay_no,
        max(case when latest.earliness = 1 then latest.commissioner end) as commissioner,
        max(case when latest.earliness = 1 then latest.reason end) as reason,
        max(latest.planned_end_on) as planned_end_on,
        max(case when latest.hours_lateness = 1 then latest.hours_per_week end) as hours_per_week,
        max(latest.attendance_pattern) as attendance_pattern,
        max(case when latest.objectives_set then 1 when not latest.objectives_set then 0 end) as objectives,
        max(fullest.reviews) as reviews_held,
        max(case when latest.lateness = 1 then latest.end_reason end) as end_reason,
        max(paid.pence_days) as pence_days,
        max(fullest.offered) as sessions_offered,
        max(fullest.attended) as sessions_attended,
        count(distinct latest.source) as source_count
    from latest
    inner join fullest
        on fullest.learner_id = latest.learner_id
       and fullest.stay_no = latest.stay_no
       and fullest.place = 1
    left join paid
        on paid.learner_id = latest.learner_id
       and paid.stay_no = latest.stay_no
    group by latest.learner_id, latest.stay_no
)

select * from final
