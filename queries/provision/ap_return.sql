/*
title = "What came after each placement: a return to school, whether it held, and whether there was another placement"
grain = ["learner_id", "stay_no"]
reads = ["stay", "spell", "learner", "ap_return_window", "school_successor", "suspension_event", "attendance_window", "attendance_told", "attendance_retold", "absence_learner", "policy", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
stay_no = "The placement"
return_state = "open; finished, ended in or after May of Year 11; returned; not_due; not_returned"
returned_on = "First day on a main roll of a mainstream or special school without any placement, within 56 days of the end"
sustained_two_terms = "sustained, not_sustained, unknown, not_due, or the return_state when there was no return"
sustained_12_months = "The same a year after the return"
repeat_referral = "yes, no or not_due: another placement within a year of the return; empty without a return"
*/
with placements as (
    select
        stay.learner_id,
        stay.stay_no,
        stay.starts_on,
        stay.ends_on,
        stay.is_open,
        learner.cohort_ay
    from stay
    inner join learner on learner.learner_id = stay.learner_id
    where stay.role = 'placement'
),

returns as (
    select learner_id, stay_no, returned_on
    from ap_return_window
    where span = 'year'
),

-- At the same school, or what it has become; or, where Year 3 or Year 7 begins in between, at whatever school goes on from there.
still_there as (
    select distinct due.learner_id, due.stay_no, due.span
    from ap_return_window as due
    left join school_successor
        on school_successor.school_id = due.school_id
       and coalesce(school_successor.became_on <= due.until_on, true)
    inner join spell
        on spell.learner_id = due.learner_id
       and spell.role = 'main'
       and (spell.school_id = due.school_id
            or spell.school_id = school_successor.successor_id
            or (spell.kind in ('mainstream', 'resourced_unit', 'special')
                and spell.status in ('C', 'M')
                and (date_of(due.cohort_ay, 9, 1) between add_days(due.returned_on, 1) and due.until_on
                     or date_of(due.cohort_ay - 4, 9, 1) between add_days(due.returned_on, 1) and due.until_on)))
       and spell.starts_on <= due.until_on
       and spell.ends_on >= due.until_on
),

excluded as (
    select distinct due.learner_id, due.stay_no, due.span
    from ap_return_window as due
    inner join suspension_event
        on suspension_event.learner_id = due.learner_id
       and suspension_event.category = 'PERM'
       and suspension_event.counts
       and suspension_event.starts_on >= due.returned_on
       and suspension_event.starts_on <= due.until_on
),

-- Of registers that are told in weeks, or other pieces, those that lie between the return and the day it is judged. A period within another counts once.
retold_periods as (
    select
        due.learner_id,
        due.stay_no,
        due.span,
        attendance_retold.establishment_id,
        attendance_retold.source,
        coalesce(attendance_retold.period_ends_on, attendance_retold.period_starts_on) as ends_on,
        attendance_retold.sessions_possible,
        coalesce(attendance_retold.sessions_authorised + attendance_retold.sessions_unauthorised,
                 attendance_retold.sessions_possible - attendance_retold.sessions_attended) as sessions_absent,
        max(coalesce(attendance_retold.period_ends_on, attendance_retold.period_starts_on)) over (
            partition by due.learner_id, due.stay_no, due.span, attendance_retold.establishment_id, attendance_retold.source
            order by attendance_retold.period_starts_on asc nulls last, attendance_retold.period_ends_on desc nulls last,
                     attendance_retold.sessions_possible desc nulls last, attendance_retold.row_key asc nulls last
            rows between unbounded preceding and 1 preceding
        ) as greatest_end_so_far
    from ap_return_window as due
    inner join attendance_retold
        on attendance_retold.learner_id = due.learner_id
       and attendance_retold.period_starts_on >= due.returned_on
       and coalesce(attendance_retold.period_ends_on, attendance_retold.period_starts_on) <= due.until_on
    where attendance_retold.sessions_possible is not null
      and coalesce(attendance_retold.sessions_authorised + attendance_retold.sessions_unauthorised,
                   attendance_retold.sessions_possible - attendance_retold.sessions_attended) is not null
),

since as (
    select learner_id, stay_no, span, establishment_id, source, sessions_possible, sessions_absent
    from retold_periods
    where greatest_end_so_far is null
       or ends_on > greatest_end_so_far
    union all
    select
        due.learner_id,
        due.stay_no,
        due.span,
        attendance_window.establishment_id,
        attendance_window.source,
        attendance_window.sessions_possible,
        attendance_window.sessions_absent
    from ap_return_window as due
    inner join attendance_told
        on attendance_told.learner_id = due.learner_id
       and attendance_told.is_plain
    inner join attendance_window
        on attendance_window.subject_id = attendance_told.subject_id
       and attendance_window.establishment_id = attendance_told.establishment_id
       and attendance_window.ay = attendance_told.ay
       and attendance_window.source = attendance_told.source
       and attendance_window.asked_for = 'return'
       and attendance_window.since_on = due.returned_on
       and attendance_window.until_on = due.until_on
),

accounts as (
    select
        learner_id,
        stay_no,
        span,
        establishment_id,
        source,
        sum(sessions_possible) as possible,
        sum(sessions_absent) as absent
    from since
    group by learner_id, stay_no, span, establishment_id, source
),

-- Of several accounts of one school the one with the most possible sessions: they are never added up.
ranked_accounts as (
    select
        *,
        row_number() over (
            partition by learner_id, stay_no, span, establishment_id
            order by possible desc nulls last, absent desc nulls last, source asc nulls last
        ) as place
    from accounts
),

attended_since as (
    select learner_id, stay_no, span, sum(possible) as possible, sum(absent) as absent
    from ranked_accounts
    where place = 1
    group by learner_id, stay_no, span
),

-- Where sessions are told of whole years alone, those of the years.
attended_in_years as (
    select
        due.learner_id,
        due.stay_no,
        due.span,
        sum(absence_learner.sessions_possible) as possible,
        sum(absence_learner.sessions_absent) as absent
    from ap_return_window as due
    inner join absence_learner
        on absence_learner.learner_id = due.learner_id
       and absence_learner.ay >= academic_year(due.returned_on)
       and absence_learner.ay <= academic_year(due.until_on)
       and absence_learner.absence_state = 'known'
    group by due.learner_id, due.stay_no, due.span
),

attended as (
    select
        years.learner_id,
        years.stay_no,
        years.span,
        case when attended_since.possible > 0 then attended_since.possible else years.possible end as possible,
        case when attended_since.possible > 0 then attended_since.absent else years.absent end as absent
    from attended_in_years as years
    left join attended_since
        on attended_since.learner_id = years.learner_id
       and attended_since.stay_no = years.stay_no
       and attended_since.span = years.span
),

rules as (
    select ay, max(value) as least_percent
    from policy
    where parameter = 'ap_sustained_attendance_percent'
    group by ay
),

held as (
    select
        due.learner_id,
        due.stay_no,
        due.span,
        case when due.until_on > build_context.as_of then 'not_due'
             when excluded.learner_id is not null or still_there.learner_id is null then 'not_sustained'
             when rules.least_percent is null or coalesce(attended.possible, 0) = 0 then 'unknown'
             when (attended.possible - attended.absent) * 100 >= rules.least_percent * attended.possible then 'sustained'
             else 'not_sustained'
        end as held
    from ap_return_window as due
    cross join build_context
    left join still_there
        on still_there.learner_id = due.learner_id and still_there.stay_no = due.stay_no and still_there.span = due.span
    left join excluded
        on excluded.learner_id = due.learner_id and excluded.stay_no = due.stay_no and excluded.span = due.span
    left join attended
        on attended.learner_id = due.learner_id and attended.stay_no = due.stay_no and attended.span = due.span
    left join rules on rules.ay = academic_year(due.returned_on)
),

holds as (
    select
        learner_id,
        stay_no,
        max(case when span = 'terms' then held end) as two_terms,
        max(case when span = 'year' then held end) as twelve_months
    from held
    group by learner_id, stay_no
),

repeats as (
    select distinct returns.learner_id, returns.stay_no
    from returns
    inner join stay
        on stay.learner_id = returns.learner_id
       and stay.role = 'placement'
       and stay.starts_on > returns.returned_on
       and stay.starts_on <= add_days(returns.returned_on, 365)
),

judged as (
    select
        placements.learner_id,
        placements.stay_no,
        returns.returned_on,
        case when placements.is_open then 'open'
             when placements.ends_on >= date_of(placements.cohort_ay + 5, 5, 1) then 'finished'
             when returns.returned_on is not null then 'returned'
             when add_days(placements.ends_on, 56) > build_context.as_of then 'not_due'
             else 'not_returned'
        end as return_state,
        holds.two_terms,
        holds.twelve_months,
        repeats.learner_id is not null as is_repeated,
        add_days(returns.returned_on, 365) > build_context.as_of as is_repeat_due_later,
        -- Who did not come back is judged no earlier than who came back as late as counts, and a year after that.
        add_days(placements.ends_on, 421) > build_context.as_of as is_judged_later
    from placements
    cross join build_context
    left join returns
        on returns.learner_id = placements.learner_id
       and returns.stay_no = placements.stay_no
    left join holds on holds.learner_id = placements.learner_id and holds.stay_no = placements.stay_no
    left join repeats on repeats.learner_id = placements.learner_id and repeats.stay_no = placements.stay_no
),

final as (
    select
        learner_id,
        stay_no,
        return_state,
        case when return_state = 'returned' then returned_on end as returned_on,
        case when return_state = 'returned' then two_terms
             when return_state = 'not_returned' and is_judged_later then 'not_due'
             else return_state
        end as sustained_two_terms,
        case when return_state = 'returned' then twelve_months
             when return_state = 'not_returned' and is_judged_later then 'not_due'
             else return_state
        end as sustained_12_months,
        case when return_state <> 'returned' then null
             when is_repeated then 'yes'
             when is_repeat_due_later then 'not_due'
             else 'no'
        end as repeat_referral
    from judged
)

select * from final
