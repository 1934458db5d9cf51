/*
title = "Absence of each learner in each year, over all schools together"
grain = ["learner_id", "ay"]
reads = ["absence_enrolment", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ay = "The academic year, by its end year"
absence_state = "known, no_sessions or not_known: known when any school's sessions are"
n_enrolments = "Schools with sessions that are known"
n_enrolments_not_known = "Schools that tell of the learner without telling sessions"
sessions_possible = "Possible sessions (half days) over all schools; empty when not known"
sessions_absent = "Of them missed"
absence_rate = "sessions_absent / sessions_possible"
enough_sessions = "Whether there were enough possible sessions (60) for a share of them to mean much"
persistent = "Missed at least the year's share of persistent absence of all possible sessions"
severe = "Missed at least half of all possible sessions"
threshold_state = "in_force, or no_rule_for_year when the policy has no threshold for the year"
*/
with sums as (
    select
        learner_id,
        ay,
        count(*) filter (where absence_state = 'known') as n_enrolments,
        count(*) filter (where absence_state = 'not_known') as n_enrolments_not_known,
        sum(sessions_possible) as sessions_possible,
        sum(sessions_absent) as sessions_absent
    from absence_enrolment
    group by learner_id, ay
),

thresholds as (
    select
        ay,
        max(case when parameter = 'persistent_absence_percent' then value end) as persistent_percent,
        max(case when parameter = 'severe_absence_percent' then value end) as severe_percent,
        max(case when parameter = 'absence_min_sessions' then value end) as min_sessions
    from policy
    group by ay
),

final as (
    select
        sums.learner_id,
        sums.ay,
        case when sums.sessions_possible is null then 'not_known'
             when sums.sessions_possible = 0 then 'no_sessions'
             else 'known'
        end as absence_state,
        cast(sums.n_enrolments as integer) as n_enrolments,
        cast(sums.n_enrolments_not_known as integer) as n_enrolments_not_known,
        cast(sums.sessions_possible as integer) as sessions_possible,
        cast(sums.sessions_absent as integer) as sessions_absent,
        share_of(sums.sessions_absent, sums.sessions_possible) as absence_rate,
        sums.sessions_possible >= thresholds.min_sessions as enough_sessions,
        case when sums.sessions_possible > 0
             then sums.sessions_absent * 100 >= thresholds.persistent_percent * sums.sessions_possible
        end as persistent,
        case when sums.sessions_possible > 0
             then sums.sessions_absent * 100 >= thresholds.severe_percent * sums.sessions_possible
        end as severe,
        case when thresholds.persistent_percent is null or thresholds.severe_percent is null
               or thresholds.min_sessions is null then 'no_rule_for_year'
             else 'in_force'
        end as threshold_state
    from sums
    left join thresholds on thresholds.ay = sums.ay
)

select * from final
