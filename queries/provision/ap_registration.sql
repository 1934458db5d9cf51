/*
title = "Providers with no registration known to us: how many learners were full-time at the site on one day, at least"
grain = ["establishment_id", "ay"]
reads = ["ap_placement", "circumstance_year", "school_year", "policy"]
purposes = ["research", "ap_commissioning"]
published = true
[columns]
establishment_id = "Provider: URN or site reference"
ay = "The academic year, by its end year"
registration = "none_known where it is no registered school; registered"
n_learners = "Learners of compulsory school age known to us at the site in the year, on whatever legal basis"
n_full_time = "Of them full-time, more than 18 hours a week, on the day on which most were: at least so many, for others may place there too"
n_full_time_plan = "Learners full-time in the year with an education health and care plan"
n_full_time_looked_after = "Learners full-time in the year who were looked after"
n_hours_not_known = "Learners whose hours nobody says: in neither"
advice = "refer_for_advice where at least five known to us were full-time at once, or one with a plan or looked after; not_known where hours that nobody says could make it so; none; registered; no_rule_for_year. It is no finding that anything is unlawful"
*/
with rules as (
    select
        ay,
        max(case when parameter = 'ap_full_time_hours' then value end) as full_time_hours,
        max(case when parameter = 'ap_full_time_pupils' then value end) as full_time_pupils
    from policy
    group by ay
),

-- Each year that a placement touches, for whoever is of compulsory school age in it.
placed as (
    select
        ap_placement.learner_id,
        ap_placement.placement_no,
        ap_placement.establishment_id,
        ap_placement.kind,
        school_year.ay,
        greatest(ap_placement.starts_on, school_year.starts_on) as starts_on,
        least(ap_placement.ends_on, school_year.ends_on) as ends_on,
        -- A return may say full time without saying hours.
        coalesce(ap_placement.hours_per_week > rules.full_time_hours, ap_placement.hours_state = 'over_18', false) as is_full_time,
        ap_placement.hours_per_week is null and coalesce(ap_placement.hours_state, 'not_known') = 'not_known' as is_hours_not_known,
        rules.full_time_pupils,
        circumstance_year.sen = 'plan' as has_plan,
        coalesce(circumstance_year.cla, false) as is_looked_after
    from ap_placement
    inner join school_year
        on school_year.starts_on <= ap_placement.ends_on
       and school_year.ends_on >= ap_placement.starts_on
    left join rules on rules.ay = school_year.ay
    left join circumstance_year
        on circumstance_year.learner_id = ap_placement.learner_id
       and circumstance_year.ay = school_year.ay
    where coalesce(ap_placement.academic_age + school_year.ay - ap_placement.ay between 4 and 15, true)
),

-- The most at once are there on the first day of one of them.
at_once as (
    select days.establishment_id, days.ay, days.day, count(distinct placed.learner_id) as n_at_once
    from (select distinct establishment_id, ay, starts_on as day from placed where is_full_time) as days
    inner join placed
        on placed.establishment_id = days.establishment_id
       and placed.ay = days.ay
       and placed.is_full_time
       and placed.starts_on <= days.day
       and placed.ends_on >= days.day
    group by days.establishment_id, days.ay, days.day
),

peaks as (
    select establishment_id, ay, max(n_at_once) as n_full_time
    from at_once
    group by establishment_id, ay
),

counts as (
    select
        establishment_id,
        ay,
        max(kind) as kind,
        max(full_time_pupils) as full_time_pupils,
        count(distinct learner_id) as n_learners,
        count(distinct case when is_full_time and has_plan then learner_id end) as n_plan,
        count(distinct case when is_full_time and is_looked_after then learner_id end) as n_looked_after,
        count(distinct case when is_hours_not_known then learner_id end) as n_hours_not_known
    from placed
    group by establishment_id, ay
),

final as (
    select
        counts.establishment_id,
        counts.ay,
        case when counts.kind in ('unregistered', 'none') then 'none_known' else 'registered' end as registration,
        counts.n_learners,
        coalesce(peaks.n_full_time, 0) as n_full_time,
        counts.n_plan as n_full_time_plan,
        counts.n_looked_after as n_full_time_looked_after,
        counts.n_hours_not_known,
        case when counts.kind not in ('unregistered', 'none') then 'registered'
             when counts.full_time_pupils is null then 'no_rule_for_year'
             when coalesce(peaks.n_full_time, 0) >= counts.full_time_pupils or counts.n_plan > 0 or counts.n_looked_after > 0 then 'refer_for_advice'
             when counts.n_hours_not_known > 0 then 'not_known'
             else 'none'
        end as advice
    from counts
    left join peaks
        on peaks.establishment_id = counts.establishment_id
       and peaks.ay = counts.ay
)

select * from final
