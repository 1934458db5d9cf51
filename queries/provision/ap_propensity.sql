/*
title = "Who was placed and who might have been: the chance of being placed among learners alike, and what attendance did"
grain = ["learner_id", "ay"]
reads = ["engagement_change", "absence_learner", "circumstance_year", "learner", "spell", "code_establishment_kind"]
of_many = ["chance"]
[columns]
learner_id = "Pseudonym of the learner"
ay = "The academic year, by its end year"
is_placed = "In provision in the year, and not the year before"
chance = "Share placed among those of the same year, age, sex, needs and meals whose attendance the year before lay in the same ten points"
before = "Attendance the year before"
change = "Attendance in the year, of the placed in provision, less that of the year before"
*/
with provision_years as (
    select distinct circumstance_year.learner_id, circumstance_year.ay
    from circumstance_year
    inner join spell
        on spell.learner_id = circumstance_year.learner_id
       and spell.starts_on <= year_ends_on(circumstance_year.ay)
       and spell.ends_on >= year_starts_on(circumstance_year.ay)
    inner join code_establishment_kind
        on code_establishment_kind.code = spell.kind
       and code_establishment_kind.family = 'ap'
),

-- Attendance of two years in a row, both of them known.
known_years as (
    select
        learner_id,
        ay,
        share_of(sessions_possible - sessions_absent, sessions_possible) as attendance
    from absence_learner
    where absence_state = 'known'
      and enough_sessions
),

two_years as (
    select after_year.learner_id, after_year.ay, before_year.attendance as before, after_year.attendance as after
    from known_years as after_year
    inner join known_years as before_year
        on before_year.learner_id = after_year.learner_id
       and before_year.ay + 1 = after_year.ay
),

others as (
    select two_years.learner_id, two_years.ay, false as is_placed, two_years.before, two_years.after
    from two_years
    inner join circumstance_year
        on circumstance_year.learner_id = two_years.learner_id
       and circumstance_year.ay = two_years.ay
    left join provision_years as placed_then
        on placed_then.learner_id = two_years.learner_id
       and placed_then.ay = two_years.ay
    left join provision_years as placed_before
        on placed_before.learner_id = two_years.learner_id
       and placed_before.ay = two_years.ay - 1
    where placed_then.learner_id is null
      and placed_before.learner_id is null
),

placed as (
    select learner_id, ay, true as is_placed, attendance_before as before, attendance_after as after
    from engagement_change
    where change is not null
),

units as (
    select * from others
    union all
    select * from placed
),

backgrounds as (
    select
        units.*,
        count(*) over (
            partition by units.ay, circumstance_year.academic_age, learner.sex, circumstance_year.sen, circumstance_year.ever6_any,
                         floor(units.before * 10)
        ) as n_alike,
        sum(case when units.is_placed then 1 else 0 end) over (
            partition by units.ay, circumstance_year.academic_age, learner.sex, circumstance_year.sen, circumstance_year.ever6_any,
                         floor(units.before * 10)
        ) as n_placed_alike
    from units
    inner join learner on learner.learner_id = units.learner_id
    inner join circumstance_year
        on circumstance_year.learner_id = units.learner_id
       and circumstance_year.ay = units.ay
),

final as (
    select
        learner_id,
        ay,
        is_placed,
        share_of(n_placed_alike, n_alike) as chance,
        before,
        cast(after - before as decimal(9, 4)) as change
    from backgrounds
)

select * from final
