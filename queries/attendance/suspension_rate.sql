/*
title = "Suspension and permanent exclusion rates: events for each hundred pupils on roll in January"
grain = ["ay", "population", "breakdown", "category"]
reads = ["suspension_event", "absence_enrolment", "learner_year", "circumstance_year", "school", "school_successor", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ay = "The academic year, by its end year"
population = "attending: at schools here; resident: who lived here on the January census day"
breakdown = "all; kind: the kind of establishment (of pupils that of the January census day, of events the school that suspended); fsm: free meals in the spring term; sen: the most observed in the year"
category = "Which one of the breakdown; not_known where nobody says"
n_pupils = "On a main roll (single, or main of two) on the January census day, at a school of which a register or a suspension of the year is told: the denominator"
n_missing = "On a main roll that day at a school of which neither is told: nobody knows who was suspended there, and they are not in the denominator"
n_not_on_roll = "Others of the population, on no main roll that day: not in the denominator"
n_suspensions = "Suspensions: events, not pupils"
suspension_rate = "Suspensions for each 100 pupils"
suspension_low = "Lower end of its 95% interval, as if each suspension stood alone: too narrow where a few pupils have many"
suspension_high = "Upper end of its 95% interval"
n_suspended = "Pupils of the denominator with at least one suspension"
suspended_rate = "n_suspended / n_pupils"
suspended_low = "Lower end of its 95% interval"
suspended_high = "Upper end of its 95% interval"
n_permanent = "Permanent exclusions"
permanent_rate = "Permanent exclusions for each 100 pupils: 0.13 is 13 in 10,000"
permanent_low = "Lower end of its 95% interval"
permanent_high = "Upper end of its 95% interval"
n_lunchtime = "Lunchtime suspensions, in no rate here"
n_taken_back = "Suspensions and exclusions that were taken back, in no rate here. A school whose register is read and that tells of none counts as one that suspends nobody"
*/
with groups_of_learner as (
    select
        learner_id,
        ay,
        case when fsm then 'yes' when not fsm then 'no' else 'not_known' end as fsm,
        coalesce(sen, 'not_known') as sen
    from circumstance_year
),

-- Whoever tells of a school's sessions would tell of its suspensions, too.
told_schools as (
    select distinct coalesce(school.school_id, absence_enrolment.establishment_id) as school_id, absence_enrolment.ay
    from absence_enrolment
    left join school on school.establishment_id = absence_enrolment.establishment_id
    union
    select distinct coalesce(school.school_id, suspension_event.establishment_id) as school_id, suspension_event.ay
    from suspension_event
    left join school on school.establishment_id = suspension_event.establishment_id
),

-- Under the number of a school that merged also of what it had become by January.
telling_schools as (
    select school_id, ay
    from told_schools
    union
    select school_successor.successor_id as school_id, told_schools.ay
    from told_schools
    inner join school_successor
        on school_successor.school_id = told_schools.school_id
       and coalesce(school_successor.became_on <= third_thursday_of_january(told_schools.ay), true)
),

pupils as (
    select
        learner_year.learner_id,
        learner_year.ay,
        populations.population,
        learner_year.kind,
        learner_year.on_roll,
        telling_schools.ay is not null as is_told
    from learner_year
    left join telling_schools
        on telling_schools.school_id = learner_year.school_id
       and telling_schools.ay = learner_year.ay
    cross join (values ('attending'), ('resident')) as populations(population)
    where case populations.population when 'attending' then learner_year.attending else learner_year.resident end
),

events as (
    select
        suspension_event.learner_id,
        suspension_event.ay,
        populations.population,
        coalesce(school.kind, 'none') as kind,
        suspension_event.category,
        suspension_event.counts
    from suspension_event
    cross join build_context
    cross join (values ('attending'), ('resident')) as populations(population)
    left join school on school.establishment_id = suspension_event.establishment_id
    left join learner_year
        on learner_year.learner_id = suspension_event.learner_id
       and learner_year.ay = suspension_event.ay
    where case populations.population
              when 'attending' then coalesce(school.la_code = build_context.home_authority, false)
              else coalesce(learner_year.resident, false)
          end
),

suspended as (
    select distinct learner_id, ay, population
    from events
    where category = 'SUSP'
      and counts
),

-- One row for each thing to be counted: a pupil, or an event.
things as (
    select
        pupils.ay,
        pupils.population,
        pupils.learner_id,
        pupils.kind,
        case when pupils.on_roll and pupils.is_told then 1 else 0 end as pupil,
        case when pupils.on_roll and not pupils.is_told then 1 else 0 end as missing,
        case when pupils.on_roll then 0 else 1 end as not_on_roll,
        case when pupils.on_roll and pupils.is_told and suspended.learner_id is not null then 1 else 0 end as suspended,
        0 as suspension,
        0 as permanent,
        0 as lunchtime,
        0 as taken_back
    from pupils
    left join suspended
        on suspended.learner_id = pupils.learner_id
       and suspended.ay = pupils.ay
       and suspended.population = pupils.population
    union all
    select
        ay,
        population,
        learner_id,
        kind,
        0,
        0,
        0,
        0,
        case when counts and category = 'SUSP' then 1 else 0 end,
        case when counts and category = 'PERM' then 1 else 0 end,
        case when counts and category = 'LNCH' then 1 else 0 end,
        case when counts then 0 else 1 end
    from events
),

-- Those who are alike in all that is broken down by are added up once, and their sums then serve every breakdown.
sums_alike as (
    select
        things.ay,
        things.population,
        things.kind,
        coalesce(groups_of_learner.fsm, 'not_known') as fsm,
        coalesce(groups_of_learner.sen, 'not_known') as sen,
        sum(things.pupil) as n_pupils,
        sum(things.missing) as n_missing,
        sum(things.not_on_roll) as n_not_on_roll,
        sum(things.suspended) as n_suspended,
        sum(things.suspension) as n_suspensions,
        sum(things.permanent) as n_permanent,
        sum(things.lunchtime) as n_lunchtime,
        sum(things.taken_back) as n_taken_back
    from things
    left join groups_of_learner
        on groups_of_learner.learner_id = things.learner_id
       and groups_of_learner.ay = things.ay
    group by things.ay, things.population, things.kind, coalesce(groups_of_learner.fsm, 'not_known'),
             coalesce(groups_of_learner.sen, 'not_known')
),

broken_down as (
    select
        sums_alike.*,
        breakdowns.breakdown,
        case breakdowns.breakdown when 'all' then 'all' when 'kind' then kind when 'fsm' then fsm else sen end as category
    from sums_alike
    cross join (values ('all'), ('kind'), ('fsm'), ('sen')) as breakdowns(breakdown)
),

counts as (
    select
        ay,
        population,
        breakdown,
        category,
        cast(sum(n_pupils) as bigint) as n_pupils,
        cast(sum(n_missing) as bigint) as n_missing,
        cast(sum(n_not_on_roll) as bigint) as n_not_on_roll,
        cast(sum(n_suspended) as bigint) as n_suspended,
        cast(sum(n_suspensions) as bigint) as n_suspensions,
        cast(sum(n_permanent) as bigint) as n_permanent,
        cast(sum(n_lunchtime) as bigint) as n_lunchtime,
        cast(sum(n_taken_back) as bigint) as n_taken_back
    from broken_down
    group by ay, population, breakdown, category
),

final as (
    select
        ay,
        population,
        breakdown,
        category,
        n_pupils,
        n_missing,
        n_not_on_roll,
        n_suspensions,
        per_hundred(n_suspensions, n_pupils) as suspension_rate,
        poisson_low(n_suspensions, n_pupils) as suspension_low,
        poisson_high(n_suspensions, n_pupils) as suspension_high,
        n_suspended,
        share_of(n_suspended, n_pupils) as suspended_rate,
        wilson_low(n_suspended, n_pupils) as suspended_low,
        wilson_high(n_suspended, n_pupils) as suspended_high,
        n_permanent,
        per_hundred(n_permanent, n_pupils) as permanent_rate,
        poisson_low(n_permanent, n_pupils) as permanent_low,
        poisson_high(n_permanent, n_pupils) as permanent_high,
        n_lunchtime,
        n_taken_back
    from counts
)

select * from final
