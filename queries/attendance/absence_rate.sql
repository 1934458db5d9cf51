/*
title = "Absence rates, persistent and severe absence: by enrolment as published, and by pupil"
grain = ["ay", "population", "breakdown", "category", "basis"]
reads = ["absence_enrolment", "learner_year", "circumstance_year", "school", "school_successor", "policy", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ay = "The academic year, by its end year"
population = "attending: enrolments at schools here; resident: all enrolments of those who lived here on the January census day"
breakdown = "all; kind: the kind of establishment (by pupil: that of the January census day); fsm: free meals in the spring term; sen: the most observed in the year"
category = "Which one of the breakdown; not_known where nobody says"
basis = "enrolment: a pupil at each school is one; pupil: all schools of a pupil together"
n_units = "Enrolments or pupils with possible sessions: the denominator of persistent and severe absence"
n_without_sessions = "Units without a possible session, who drop out"
n_missing = "Units whose sessions nobody tells: no share of them is in any rate here"
sessions_possible = "Possible sessions: the denominator of the absence rate"
sessions_absent = "Of them missed: its numerator"
absence_rate = "sessions_absent / sessions_possible: of the sums, not a mean of rates"
absence_rate_low = "Lower end of its 95% interval: pupils vary as wholes, their sessions do not stand alone"
absence_rate_high = "Upper end of its 95% interval"
n_persistent = "Units that missed at least the year's share of their own possible sessions"
persistent_rate = "n_persistent / n_units; by pupil, / n_with_enough"
persistent_low = "Lower end of its 95% interval"
persistent_high = "Upper end of its 95% interval"
n_severe = "Units that missed at least half; all of them are persistent too"
severe_rate = "n_severe / n_units; by pupil, / n_with_enough"
severe_low = "Lower end of its 95% interval"
severe_high = "Upper end of its 95% interval"
n_with_enough = "Units that persistent and severe absence are told of: all enrolments; of pupils those with at least 60 possible sessions"
threshold_state = "in_force, or no_rule_for_year: then persistent and severe are empty"
*/
-- Somebody on a roll in January of whom no register says anything is missing, not absent from the table. A register has the number that
-- the school had that year, and a roll that went on since has that of today: they meet by school, and by what it had become by January.
with registers as (
    select
        absence_enrolment.learner_id,
        absence_enrolment.ay,
        absence_enrolment.establishment_id,
        coalesce(school_successor.successor_id, school.school_id, absence_enrolment.establishment_id) as school_id,
        absence_enrolment.sessions_possible,
        absence_enrolment.sessions_absent
    from absence_enrolment
    left join school on school.establishment_id = absence_enrolment.establishment_id
    left join school_successor
        on school_successor.school_id = school.school_id
       and coalesce(school_successor.became_on <= third_thursday_of_january(absence_enrolment.ay), true)
       and coalesce(school_successor.until_on >= third_thursday_of_january(absence_enrolment.ay), true)
),

rolls as (
    select
        learner_year.learner_id,
        learner_year.ay,
        learner_year.establishment_id,
        coalesce(school.school_id, learner_year.establishment_id) as school_id
    from learner_year
    left join school on school.establishment_id = learner_year.establishment_id
    where learner_year.on_roll
),

units_on_record as (
    select
        coalesce(registers.learner_id, rolls.learner_id) as learner_id,
        coalesce(registers.ay, rolls.ay) as ay,
        coalesce(registers.establishment_id, rolls.establishment_id) as establishment_id,
        registers.sessions_possible,
        registers.sessions_absent
    from registers
    full outer join rolls
        on rolls.learner_id = registers.learner_id
       and rolls.ay = registers.ay
       and rolls.school_id = registers.school_id
),

placed_units as (
    select
        units_on_record.learner_id,
        units_on_record.ay,
        coalesce(school.la_code = build_context.home_authority, false) as is_here,
        coalesce(learner_year.resident, false) as is_resident,
        coalesce(school.kind, 'none') as kind_of_school,
        coalesce(learner_year.kind, 'not_known') as kind_in_january,
        case when circumstance_year.fsm then 'yes' when not circumstance_year.fsm then 'no' else 'not_known' end as fsm,
        coalesce(circumstance_year.sen, 'not_known') as sen,
        units_on_record.sessions_possible,
        units_on_record.sessions_absent
    from units_on_record
    cross join build_context
    left join school on school.establishment_id = units_on_record.establishment_id
    left join learner_year
        on learner_year.learner_id = units_on_record.learner_id
       and learner_year.ay = units_on_record.ay
    left join circumstance_year
        on circumstance_year.learner_id = units_on_record.learner_id
       and circumstance_year.ay = units_on_record.ay
    where learner_year.resident
       or school.la_code = build_context.home_authority
),

-- All schools of a pupil together: those here, and for a resident all.
pupils as (
    select
        learner_id,
        ay,
        bool_or(is_here) as is_here,
        is_resident,
        kind_in_january as kind,
        fsm,
        sen,
        cast(sum(case when is_here then sessions_possible end) as bigint) as possible_here,
        cast(sum(case when is_here then sessions_absent end) as bigint) as absent_here,
        cast(sum(sessions_possible) as bigint) as sessions_possible,
        cast(sum(sessions_absent) as bigint) as sessions_absent
    from placed_units
    group by learner_id, ay, is_resident, kind_in_january, fsm, sen
),

units as (
    select
        ay, 'enrolment' as basis, is_here as is_attending, is_resident, kind_of_school as kind, fsm, sen, sessions_possible, sessions_absent
    from placed_units
    union all
    select
        ay, 'pupil' as basis, true as is_attending, false as is_resident, kind, fsm, sen,
        possible_here as sessions_possible, absent_here as sessions_absent
    from pupils
    where is_here
    union all
    select ay, 'pupil' as basis, false as is_attending, true as is_resident, kind, fsm, sen, sessions_possible, sessions_absent
    from pupils
    where is_resident
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

judged_units as (
    select
        units.ay,
        units.is_attending,
        units.is_resident,
        units.basis,
        units.kind,
        units.fsm,
        units.sen,
        case when units.sessions_possible > 0 then units.sessions_possible end as possible,
        case when units.sessions_possible > 0 then units.sessions_absent end as absent,
        units.sessions_possible is null as is_missing,
        units.sessions_possible > 0
            and (units.basis = 'enrolment' or units.sessions_possible >= thresholds.min_sessions) as is_enough,
        units.sessions_absent * 100 >= thresholds.persistent_percent * units.sessions_possible as is_persistent,
        units.sessions_absent * 100 >= thresholds.severe_percent * units.sessions_possible as is_severe,
        thresholds.persistent_percent is not null and thresholds.severe_percent is not null
            and thresholds.min_sessions is not null as is_ruled
    from units
    left join thresholds on thresholds.ay = units.ay
),

-- Those who are alike in all that is broken down by are added up once, and their sums then serve every breakdown.
sums_alike as (
    select
        ay,
        is_attending,
        is_resident,
        basis,
        kind,
        fsm,
        sen,
        is_ruled,
        count(possible) as n_units,
        count(*) filter (where is_missing) as n_missing,
        count(*) as n_all,
        coalesce(sum(possible), 0) as possible,
        coalesce(sum(absent), 0) as absent,
        coalesce(sum(absent * absent), 0) as absent_squared,
        coalesce(sum(absent * possible), 0) as absent_possible,
        coalesce(sum(possible * possible), 0) as possible_squared,
        count(*) filter (where is_enough) as n_with_enough,
        count(*) filter (where is_enough and is_persistent) as n_persistent,
        count(*) filter (where is_enough and is_severe) as n_severe
    from judged_units
    group by ay, is_attending, is_resident, basis, kind, fsm, sen, is_ruled
),

broken_down as (
    select
        sums_alike.*,
        populations.population,
        breakdowns.breakdown,
        case breakdowns.breakdown when 'all' then 'all' when 'kind' then kind when 'fsm' then fsm else sen end as category
    from sums_alike
    cross join (values ('attending'), ('resident')) as populations(population)
    cross join (values ('all'), ('kind'), ('fsm'), ('sen')) as breakdowns(breakdown)
    where case populations.population when 'attending' then is_attending else is_resident end
),

sums as (
    select
        ay,
        population,
        breakdown,
        category,
        basis,
        is_ruled,
        cast(sum(n_units) as bigint) as n_units,
        cast(sum(n_missing) as bigint) as n_missing,
        cast(sum(n_all) as bigint) as n_all,
        sum(possible) as possible,
        sum(absent) as absent,
        sum(absent_squared) as absent_squared,
        sum(absent_possible) as absent_possible,
        sum(possible_squared) as possible_squared,
        cast(sum(n_with_enough) as bigint) as n_with_enough,
        cast(sum(n_persistent) as bigint) as n_persistent,
        cast(sum(n_severe) as bigint) as n_severe
    from broken_down
    group by ay, population, breakdown, category, basis, is_ruled
),

widths as (
    select
        *,
        ratio_half_width(n_units, absent, possible, absent_squared, absent_possible, possible_squared) as half_width
    from sums
),

final as (
    select
        ay,
        population,
        breakdown,
        category,
        basis,
        n_units,
        n_all - n_units - n_missing as n_without_sessions,
        n_missing,
        cast(possible as bigint) as sessions_possible,
        cast(absent as bigint) as sessions_absent,
        share_of(absent, possible) as absence_rate,
        case when half_width is not null
             then cast(round(greatest(0e0, absent / possible - half_width), 4) as decimal(9, 4)) end as absence_rate_low,
        case when half_width is not null
             then cast(round(least(1e0, absent / possible + half_width), 4) as decimal(9, 4)) end as absence_rate_high,
        case when is_ruled then n_with_enough end as n_with_enough,
        case when is_ruled then n_persistent end as n_persistent,
        case when is_ruled then share_of(n_persistent, n_with_enough) end as persistent_rate,
        case when is_ruled then wilson_low(n_persistent, n_with_enough) end as persistent_low,
        case when is_ruled then wilson_high(n_persistent, n_with_enough) end as persistent_high,
        case when is_ruled then n_severe end as n_severe,
        case when is_ruled then share_of(n_severe, n_with_enough) end as severe_rate,
        case when is_ruled then wilson_low(n_severe, n_with_enough) end as severe_low,
        case when is_ruled then wilson_high(n_severe, n_with_enough) end as severe_high,
        case when is_ruled then 'in_force' else 'no_rule_for_year' end as threshold_state
    from widths
)

select * from final
