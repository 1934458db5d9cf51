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

others as (
    select
        circumstance_year.learner_id,
        circumstance_year.ay,
        false as is_placed,
        share_of(before_year.sessions_possible - before_year.sessions_absent, before_year.sessions_possible) as before,
        share_of(after_year.sessions_possible - after_year.sessions_absent, after_year.sessions_possible) as after
    from circumstance_year
    inner join absence_learner as before_year
        on before_year.learner_id = circumstance_year.learner_id
       and before_year.ay = circumstance_year.ay - 1
       and before_year.absence_state = 'known'
       and before_year.enough_sessions
    inner join absence_learner as after_year
        on after_year.learner_id = circumstance_year.learner_id
       and after_year.ay = circumstance_year.ay
       and after_year.absence_state = 'known'
       and after_year.enough_sessions
    left join provision_years as placed_then
        on placed_then.learner_id = circumstance_year.learner_id
       and placed_then.ay = circumstance_year.ay
    left join provision_years as placed_before
        on placed_before.learner_id = circumstance_year.learner_id
       and placed_before.ay = circumstance_year.ay - 1
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
