/*
title = "Each return to school after a placement, and how long it has to hold: two full terms, and a year"
grain = ["learner_id", "stay_no", "span"]
reads = ["stay", "spell", "learner"]
[columns]
learner_id = "Pseudonym of the learner"
stay_no = "The placement"
span = "terms: to the end of the second full term after the return; year: a year"
returned_on = "First day on a main roll of a mainstream or special school without any placement, within 56 days of the end"
school_id = "That school"
until_on = "The day on which it is judged: the end of the span, or the last Friday of June of Year 11 if that is earlier"
cohort_ay = "The academic year, by its end year, of Year 6"
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
final as (
    select
        horizons.learner_id,
        horizons.stay_no,
        horizons.returned_on,
        horizons.school_id,
        horizons.span,
        learner.cohort_ay,
        least(horizons.until, coalesce(last_friday_of_june(learner.cohort_ay + 5), horizons.until)) as until_on
    from horizons
    inner join learner on learner.learner_id = horizons.learner_id
)

select * from final
