/*
title = "Absence of each learner at each school in each year: an enrolment, as the published statistics count"
grain = ["learner_id", "establishment_id", "ay"]
reads = ["attendance_account", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
establishment_id = "URN or site reference"
ay = "The academic year, by its end year"
absence_state = "known; no_sessions when none was possible; not_known when no source tells sessions and absences"
sessions_possible = "Possible sessions (half days); empty when not known"
sessions_absent = "Of them missed, authorised or not"
sessions_authorised = "Of those missed with leave, as far as the source tells the two apart"
sessions_unauthorised = "Of those missed without leave, as far as the source tells the two apart"
absence_rate = "sessions_absent / sessions_possible"
persistent = "Missed at least the year's share of persistent absence (10% since 2015/16) of the own possible sessions"
severe = "Missed at least half of the own possible sessions"
threshold_state = "in_force, or no_rule_for_year when the policy has no threshold for the year"
n_periods_not_known = "Periods of the chosen source whose sessions are not known and which are left out"
source_count = "How many sources tell of it; the one with the most possible sessions is taken, they are never added up"
*/
-- Most enrolments have one account: only of several one has to be chosen.
with several as (
    select learner_id, establishment_id, ay, count(*) as source_count
    from attendance_account
    group by learner_id, establishment_id, ay
    having count(*) > 1
),

ranked_accounts as (
    select
        attendance_account.*,
        several.source_count,
        row_number() over (
            partition by attendance_account.learner_id, attendance_account.establishment_id, attendance_account.ay
            order by attendance_account.sessions_possible desc nulls last, attendance_account.account asc nulls last,
                     attendance_account.sessions_absent desc nulls last, attendance_account.source asc nulls last
        ) as place
    from attendance_account
    inner join several
        on several.learner_id = attendance_account.learner_id
       and several.establishment_id = attendance_account.establishment_id
       and several.ay = attendance_account.ay
    union all
    select attendance_account.*, 1 as source_count, 1 as place
    from attendance_account
    left join several
        on several.learner_id = attendance_account.learner_id
       and several.establishment_id = attendance_account.establishment_id
       and several.ay = attendance_account.ay
    where several.learner_id is null
),

thresholds as (
    select
        ay,
        max(case when parameter = 'persistent_absence_percent' then value end) as persistent_percent,
        max(case when parameter = 'severe_absence_percent' then value end) as severe_percent
    from policy
    group by ay
),

-- "Ten per cent or more" in whole numbers: 30 of 300 counts, 29 of 300 does not, and no rounding decides.
final as (
    select
        ranked_accounts.learner_id,
        ranked_accounts.establishment_id,
        ranked_accounts.ay,
        case when ranked_accounts.sessions_possible is null then 'not_known'
             when ranked_accounts.sessions_possible = 0 then 'no_sessions'
             else 'known'
        end as absence_state,
        ranked_accounts.sessions_possible,
        ranked_accounts.sessions_absent,
        ranked_accounts.sessions_authorised,
        ranked_accounts.sessions_unauthorised,
        share_of(ranked_accounts.sessions_absent, ranked_accounts.sessions_possible) as absence_rate,
        case when ranked_accounts.sessions_possible > 0
             then ranked_accounts.sessions_absent * 100 >= thresholds.persistent_percent * ranked_accounts.sessions_possible
        end as persistent,
        case when ranked_accounts.sessions_possible > 0
             then ranked_accounts.sessions_absent * 100 >= thresholds.severe_percent * ranked_accounts.sessions_possible
        end as severe,
        case when thresholds.persistent_percent is null or thresholds.severe_percent is null then 'no_rule_for_year'
             else 'in_force'
        end as threshold_state,
        ranked_accounts.n_periods_not_known,
        cast(ranked_accounts.source_count as integer) as source_count
    from ranked_accounts
    left join thresholds on thresholds.ay = ranked_accounts.ay
    where ranked_accounts.place = 1
)

select * from final
