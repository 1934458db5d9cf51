/*
title = "What came after each placement: a return to school, whether it held, and whether there was another placement"
grain = ["learner_id", "stay_no"]
reads = ["stay", "spell", "learner", "suspension_event", "absence_learner", "policy", "build_context"]
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

-- Back on a school's roll, on a day on which no placement and no second registration takes the learner elsewhere.
candidates as (
    select
        placements.learner_id,
        placements.stay_no,
        greatest(spell.starts_on, add_days(placements.ends_on, 1)) as day,
        spell.school_id
    from placements
    inner join spell
        on spell.learner_id = placements.learner_id
       and spell.role = 'main'
       and spell.kind in ('mainstream', 'resourced_unit', 'special')
       and spell.status in ('C', 'M')
       and spell.ends_on > placements.ends_on
       and spell.starts_on <= add_days(placements.ends_on, 56)
    where not placements.is_open
),

free_days as (
    select candidates.learner_id, candidates.stay_no, candidates.day, candidates.school_id
    from candidates
    left join stay as elsewhere
        on elsewhere.learner_id = candidates.learner_id
       and (elsewhere.role = 'placement' or elsewhere.status = 'S')
       and elsewhere.starts_on <= candidates.day
       and elsewhere.ends_on >= candidates.day
    group by candidates.learner_id, candidates.stay_no, candidates.day, candidates.school_id
    having count(elsewhere.learner_id) = 0
),

returns as (
    select
        learner_id,
        stay_no,
        day as returned_on,
        school_id,
        row_number() over (partition by learner_id, stay_no order by day asc nulls last, school_id asc nulls last) as place
    from free_days
),

-- Two full terms: those that begin on or after the return, a week's grace given; and a year.
horizons as (
    select
        returns.learner_id,
        returns.stay_no,
        returns.returned_on,
        returns.school_id,
        spans.span,
        case when spans.span = 'year' then add_days(returns.returned_on, 365)
             when month(returns.returned_on) = 9 and day(returns.returned_on) <= 7 then date_of(year(returns.returned_on) + 1, 3, 31)
             when month(returns.returned_on) >= 9 then date_of(year(returns.returned_on) + 1, 7, 20)
             when month(returns.returned_on) = 1 and day(returns.returned_on) <= 7 then date_of(year(returns.returned_on), 7, 20)
             when month(returns.returned_on) <= 3 or (month(returns.returned_on) = 4 and day(returns.returned_on) <= 7)
                 then date_of(year(returns.returned_on), 12, 31)
             else date_of(year(returns.returned_on) + 1, 3, 31)
        end as until
    from returns
    cross join (values ('terms'), ('year')) as spans(span)
    where returns.place = 1
),

-- Who leaves Year 11 before that has done with school: then the last Friday of June is the day.
due as (
    select
        horizons.learner_id,
        horizons.stay_no,
        horizons.returned_on,
        horizons.school_id,
        horizons.span,
        least(horizons.until, coalesce(last_friday_of_june(learner.cohort_ay + 5), horizons.until)) as until
    from horizons
    inner join learner on learner.learner_id = horizons.learner_id
),

still_there as (
    select distinct due.learner_id, due.stay_no, due.span
    from due
    inner join spell
        on spell.learner_id = due.learner_id
       and spell.role = 'main'
       and spell.school_id = due.school_id
       and spell.starts_on <= due.until
       and spell.ends_on >= due.until
),

excluded as (
    select distinct due.learner_id, due.stay_no, due.span
    from due
    inner join suspension_event
        on suspension_event.learner_id = due.learner_id
       and suspension_event.category = 'PERM'
       and suspension_event.counts
       and suspension_event.starts_on >= due.returned_on
       and suspension_event.starts_on <= due.until
),

attended as (
    select
        due.learner_id,
        due.stay_no,
        due.span,
        sum(absence_learner.sessions_possible) as possible,
        sum(absence_learner.sessions_absent) as absent
    from due
    inner join absence_learner
        on absence_learner.learner_id = due.learner_id
       and absence_learner.ay >= academic_year(due.returned_on)
       and absence_learner.ay <= academic_year(due.until)
       and absence_learner.absence_state = 'known'
    group by due.learner_id, due.stay_no, due.span
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
        case when due.until > build_context.as_of then 'not_due'
             when excluded.learner_id is not null or still_there.learner_id is null then 'not_sustained'
             when rules.least_percent is null or coalesce(attended.possible, 0) = 0 then 'unknown'
             when (attended.possible - attended.absent) * 100 >= rules.least_percent * attended.possible then 'sustained'
             else 'not_sustained'
        end as held
    from due
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
    where returns.place = 1
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
       and returns.place = 1
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
