/*
title = "After every exclusion and every suspension of more than five days: was there education from the sixth day?"
grain = ["learner_id", "establishment_id", "category", "starts_on"]
reads = ["suspension_event", "stay", "school", "school_successor", "school_day", "learner", "policy", "build_context"]
purposes = ["research", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
establishment_id = "The school that suspended or excluded"
category = "SUSP or PERM"
starts_on = "First day"
ay = "The academic year, by its end year"
sessions = "Length of a suspension in half days; empty for an exclusion"
due_on = "The sixth school day, by a calendar in general that a site replaces"
provision_on = "First day, at or after the event, on which a placement or the roll of another school is known"
provision_kind = "Kind of establishment of it"
days_to_provision = "Days from the event to it; 0 where it stood already"
school_days_to_provision = "Which school day it is, the first of the event being 1"
day_six_state = "in_time; late; none_known, by the end of the suspension, within a year of an exclusion; not_due; over_age; no_rule_for_year"
*/
-- A permanent exclusion, and a suspension that lasts longer than the policy's days; two half days are one.
with rules as (
    select ay, cast(max(value) as integer) as free_days
    from policy
    where parameter = 'ap_day_six'
    group by ay
),

events as (
    select
        suspension_event.learner_id,
        suspension_event.establishment_id,
        coalesce(school.school_id, suspension_event.establishment_id) as school_id,
        suspension_event.category,
        suspension_event.starts_on,
        suspension_event.ay,
        case when suspension_event.category = 'SUSP' then suspension_event.sessions end as sessions,
        rules.free_days,
        learner.cohort_ay,
        begins.school_days - case when begins.is_school_day then 1 else 0 end as school_days_before
    from suspension_event
    inner join learner on learner.learner_id = suspension_event.learner_id
    inner join school_day as begins on begins.day = suspension_event.starts_on
    left join rules on rules.ay = suspension_event.ay
    left join school on school.establishment_id = suspension_event.establishment_id
    where suspension_event.counts
      and (suspension_event.category = 'PERM'
           or (suspension_event.category = 'SUSP' and suspension_event.sessions > 2 * coalesce(rules.free_days, 5)))
),

-- The school day that is the sixth, and the last one of a suspension.
dated as (
    select
        events.*,
        due.day as due_on,
        lasts.day as lasts_until
    from events
    left join school_day as due
        on due.school_days = events.school_days_before + events.free_days + 1
       and due.is_school_day
    left join school_day as lasts
        on lasts.school_days = events.school_days_before + cast(floor((events.sessions + 1) / 2) as integer)
       and lasts.is_school_day
       and events.category = 'SUSP'
),

-- Education elsewhere: a placement, or any roll of another school. The roll of the school itself is none, under whatever number: a stay
-- has that of its latest part, and the event that of its day. Nor is that of what the
-- school has become by merger.
elsewhere as (
    select
        dated.learner_id,
        dated.establishment_id,
        dated.category,
        dated.starts_on,
        greatest(stay.starts_on, dated.starts_on) as provision_on,
        stay.kind as provision_kind,
        row_number() over (
            partition by dated.learner_id, dated.establishment_id, dated.category, dated.starts_on
            order by greatest(stay.starts_on, dated.starts_on) asc nulls last, stay.role asc nulls last, stay.kind asc nulls last
        ) as place
    from dated
    inner join stay
        on stay.learner_id = dated.learner_id
       and stay.ends_on >= dated.starts_on
       and stay.starts_on <= coalesce(dated.lasts_until, add_days(dated.starts_on, 365))
       and stay.establishment_id is not null
       and coalesce(stay.school_id, stay.establishment_id) <> dated.school_id
    left join school_successor
        on school_successor.school_id = dated.school_id
       and school_successor.successor_id = stay.school_id
       and coalesce(school_successor.became_on <= add_days(stay.starts_on, 31), true)
    where school_successor.school_id is null
),

final as (
    select
        dated.learner_id,
        dated.establishment_id,
        dated.category,
        dated.starts_on,
        dated.ay,
        dated.sessions,
        dated.due_on,
        elsewhere.provision_on,
        elsewhere.provision_kind,
        days_between(dated.starts_on, elsewhere.provision_on) as days_to_provision,
        arrives.school_days - case when arrives.is_school_day then 0 else -1 end - dated.school_days_before as school_days_to_provision,
        case when dated.free_days is null then 'no_rule_for_year'
             when dated.due_on > last_friday_of_june(dated.cohort_ay + 5) then 'over_age'
             when elsewhere.provision_on <= dated.due_on then 'in_time'
             when elsewhere.provision_on is not null then 'late'
             when dated.due_on > build_context.as_of then 'not_due'
             else 'none_known'
        end as day_six_state
    from dated
    cross join build_context
    left join elsewhere
        on elsewhere.learner_id = dated.learner_id
       and elsewhere.establishment_id = dated.establishment_id
       and elsewhere.category = dated.category
       and elsewhere.starts_on = dated.starts_on
       and elsewhere.place = 1
    left join school_day as arrives on arrives.day = elsewhere.provision_on
)

select * from final
