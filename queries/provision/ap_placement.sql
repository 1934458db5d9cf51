/*
title = "Every placement in provision, each once: what was agreed, what was offered, what came of it"
grain = ["learner_id", "placement_no"]
reads = ["stay", "learner", "ap_account", "ap_return", "suspension_event", "stg_assessment", "goal_score", "engagement_change", "policy", "build_context"]
purposes = ["research", "ap_commissioning"]
published = true
of_many = ["attendance_change"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
placement_no = "Number of the placement among the learner's, by first day"
ay = "The academic year, by its end year, in which it began"
establishment_id = "Provider: URN or site reference"
kind = "Kind of establishment; unregistered where no register describes it"
audit_group = "ap; ehcp_named, s61 and managed_move stand apart and are in no measure of alternative provision"
legal_basis = "Under which duty or power; not_known counts as ap"
commissioner = "la or school, as first told"
reason = "Why it was commissioned, as first told"
academic_age = "Age on 31 August before the year in which it began; empty without a birth month"
starts_on = "First day"
ends_on = "Last day; as far as the build looks back where it lasts"
is_open = "Whether it still lasts"
days = "Days from the first to the last"
hours_per_week = "Hours offered a week, as last told"
hours_state = "full_week from 25 hours; over_18, 18 hours or more; part_time under 18 with nothing beside it; beside_other, under 18 with a roll or another placement beside; not_known; no_rule_for_year"
review_state = "part_time without a date by which it is to be reviewed: none; overdue when that day is past and it lasts; planned; empty where not part_time"
sessions_offered = "Half days offered, of the fullest account"
sessions_attended = "Of them attended"
attendance = "sessions_attended / sessions_offered: read it beside hours_per_week"
attendance_change = "adjusted_change of engagement_change in the year in which it began; empty unless known"
has_objectives = "Whether objectives are on record; empty when nobody says"
has_baseline = "Whether any starting point was measured within 42 days of the first day"
has_review = "Whether any review was held or scored; empty when nobody says"
has_end_reason = "Whether an ended placement says why; empty while it lasts"
end_reason = "Why it ended, as last told"
planned_end_on = "Planned last day, or the day of the review"
cost = "Weekly price times weeks so far, pounds, each price for the weeks for which it was named; empty where no source has a price"
return_state = "open; finished, ended in or after May of Year 11; returned to the main roll of a mainstream or special school within 56 days; not_due; not_returned"
returned_on = "First day back"
sustained_two_terms = "After two full terms: sustained (still at that school, 85% attendance, not excluded), not_sustained, unknown, not_due, or the return_state"
sustained_12_months = "The same a year after the return"
repeat_referral = "yes, no or not_due: another placement within a year of the return; empty without one"
suspensions_before = "Suspensions that count in the 365 days before"
suspensions_during = "Between the first and the last day"
suspensions_after = "In the 365 days after the last day, as far as they are past"
days_after = "How many of those days are past: empty while it lasts"
went_missing = "Whether an entry in the register of missing education begins while it lasts"
source_count = "How many sources tell of it"
*/
with rules as (
    select
        ay,
        max(case when parameter = 'ap_full_time_hours' then value end) as full_time_hours,
        max(case when parameter = 'ap_full_week_hours' then value end) as full_week_hours
    from policy
    group by ay
),

placements as (
    select
        stay.*,
        academic_year(stay.starts_on) as ay,
        cast(10 + academic_year(stay.starts_on) - learner.cohort_ay as integer) as academic_age,
        case when stay.legal_basis in ('ehcp_named', 's61', 'managed_move') then stay.legal_basis else 'ap' end as audit_group
    from stay
    inner join learner on learner.learner_id = stay.learner_id
    where stay.role = 'placement'
),

-- Something else that teaches on the first day: a main roll, or another placement.
beside as (
    select distinct placements.learner_id, placements.stay_no
    from placements
    inner join stay as other
        on other.learner_id = placements.learner_id
       and other.stay_no <> placements.stay_no
       and other.starts_on <= placements.starts_on
       and other.ends_on >= placements.starts_on
    where other.role = 'placement'
       or (other.role = 'main' and other.status in ('C', 'M', 'F'))
),

suspensions as (
    select
        placements.learner_id,
        placements.stay_no,
        count(*) filter (where suspension_event.starts_on < placements.starts_on) as n_before,
        count(*) filter (where suspension_event.starts_on between placements.starts_on and placements.ends_on) as n_during,
        count(*) filter (where suspension_event.starts_on > placements.ends_on) as n_after
    from placements
    inner join suspension_event
        on suspension_event.learner_id = placements.learner_id
       and suspension_event.category = 'SUSP'
       and suspension_event.counts
       and suspension_event.starts_on >= add_days(placements.starts_on, -365)
       and suspension_event.starts_on <= case when placements.is_open then placements.ends_on else add_days(placements.ends_on, 365) end
    group by placements.learner_id, placements.stay_no
),

missing as (
    select distinct placements.learner_id, placements.stay_no
    from placements
    inner join stay as entry
        on entry.learner_id = placements.learner_id
       and entry.role = 'missing'
       and entry.starts_on >= placements.starts_on
       and entry.starts_on <= placements.ends_on
),

assessed as (
    select learner_id, point, taken_on
    from stg_assessment
    where score is not null
      and kind <> 'ks2'
    union all
    select learner_id, point, taken_on
    from goal_score
    where goal_t is not null
),

measured as (
    select
        placements.learner_id,
        placements.stay_no,
        count(*) filter (where assessed.point = 'baseline' and assessed.taken_on between add_days(placements.starts_on, -42)
                                                                    and add_days(placements.starts_on, 42)) as n_baselines,
        count(*) filter (where assessed.point in ('review', 'exit') and assessed.taken_on > placements.starts_on
                           and assessed.taken_on <= placements.ends_on) as n_reviews
    from placements
    inner join assessed on assessed.learner_id = placements.learner_id
    group by placements.learner_id, placements.stay_no
),

facts as (
    select
        placements.*,
        ap_account.commissioner,
        ap_account.reason,
        ap_account.planned_end_on,
        ap_account.hours_per_week,
        ap_account.attendance_pattern,
        ap_account.sessions_offered,
        ap_account.sessions_attended,
        ap_account.objectives,
        ap_account.reviews_held,
        ap_account.end_reason,
        ap_account.pence_days,
        ap_account.source_count,
        rules.full_time_hours,
        rules.full_week_hours,
        beside.learner_id is not null as is_beside,
        coalesce(suspensions.n_before, 0) as n_before,
        coalesce(suspensions.n_during, 0) as n_during,
        coalesce(suspensions.n_after, 0) as n_after,
        coalesce(measured.n_baselines, 0) as n_baselines,
        coalesce(measured.n_reviews, 0) as n_reviews,
        missing.learner_id is not null as went_missing,
        engagement_change.adjusted_change,
        ap_return.return_state,
        ap_return.returned_on,
        ap_return.sustained_two_terms,
        ap_return.sustained_12_months,
        ap_return.repeat_referral,
        build_context.as_of
    from placements
    cross join build_context
    inner join ap_account on ap_account.learner_id = placements.learner_id and ap_account.stay_no = placements.stay_no
    inner join ap_return on ap_return.learner_id = placements.learner_id and ap_return.stay_no = placements.stay_no
    left join rules on rules.ay = placements.ay
    left join beside on beside.learner_id = placements.learner_id and beside.stay_no = placements.stay_no
    left join suspensions on suspensions.learner_id = placements.learner_id and suspensions.stay_no = placements.stay_no
    left join measured on measured.learner_id = placements.learner_id and measured.stay_no = placements.stay_no
    left join missing on missing.learner_id = placements.learner_id and missing.stay_no = placements.stay_no
    left join engagement_change
        on engagement_change.learner_id = placements.learner_id
       and engagement_change.ay = placements.ay
       and placements.audit_group = 'ap'
),

timed as (
    select
        *,
        case when full_time_hours is null or full_week_hours is null then 'no_rule_for_year'
             when hours_per_week >= full_week_hours then 'full_week'
             when hours_per_week >= full_time_hours then 'over_18'
             when hours_per_week is null and attendance_pattern = 'FT' then 'over_18'
             when hours_per_week is null and coalesce(attendance_pattern, 'FT') = 'FT' then 'not_known'
             when is_beside then 'beside_other'
             else 'part_time'
        end as hours_state
    from facts
),

final as (
    select
        learner_id,
        cast(row_number() over (partition by learner_id order by starts_on asc nulls last, stay_no asc nulls last) as integer) as placement_no,
        ay,
        establishment_id,
        kind,
        audit_group,
        legal_basis,
        commissioner,
        reason,
        academic_age,
        starts_on,
        ends_on,
        is_open,
        days_between(starts_on, ends_on) + 1 as days,
        hours_per_week,
        hours_state,
        case when hours_state <> 'part_time' then null
             when planned_end_on is null then 'none'
             when is_open and planned_end_on < as_of then 'overdue'
             else 'planned'
        end as review_state,
        cast(sessions_offered as integer) as sessions_offered,
        cast(sessions_attended as integer) as sessions_attended,
        share_of(sessions_attended, sessions_offered) as attendance,
        adjusted_change as attendance_change,
        objectives = 1 as has_objectives,
        n_baselines > 0 as has_baseline,
        case when reviews_held > 0 or n_reviews > 0 then true when reviews_held is not null then false end as has_review,
        case when not is_open then end_reason is not null end as has_end_reason,
        end_reason,
        planned_end_on,
        cast(amount_of(pence_days, 700) as decimal(11, 2)) as cost,
        return_state,
        returned_on,
        sustained_two_terms,
        sustained_12_months,
        repeat_referral,
        cast(n_before as integer) as suspensions_before,
        cast(n_during as integer) as suspensions_during,
        case when not is_open then cast(n_after as integer) end as suspensions_after,
        case when not is_open then least(365, days_between(ends_on, as_of)) end as days_after,
        went_missing,
        cast(source_count as integer) as source_count
    from timed
)

select * from final
