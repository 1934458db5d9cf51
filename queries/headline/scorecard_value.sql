/*
title = "The indicators of the scorecard, year by year, with what their spread hangs on"
grain = ["indicator", "population", "ay"]
reads = ["ks2_rate", "ks4_rate", "ks4_result", "disadvantage_gap", "segregation", "suspension_rate", "engagement_year", "circumstance_year",
         "cohort_outcome", "index_power", "leaver_met", "level_by_19_rate", "build_context"]
[columns]
value = "The indicator, as its own table gives it"
n = "Learners behind it"
n_missing = "Learners of whom it is not known"
spread = "Its standard error, as if learners stood alone; empty where it has none"
comparable = "False in a year whose figures compare with no other"
*/
-- What happens in the course of a year counts once the year is over; what stands on a day in it, or at its end, as soon as it is there.
with ks2 as (
    select
        case measure when 'reading_expected' then 'reading_below_100' when 'maths_expected' then 'maths_below_100'
                            when 'reading_90' then 'reading_below_90' else 'maths_below_90' end as indicator,
        population,
        cohort_ay as ay,
        share_of(n_known - n_achieved, n_known) as value,
        n_known as n,
        n_missing,
        sqrt(1e0 * n_achieved * (n_known - n_achieved) / nullif(n_known, 0) / nullif(n_known, 0) / nullif(n_known, 0)) as spread,
        true as comparable
    from ks2_rate
    where disadvantage = 'all'
      and measure in ('reading_expected', 'maths_expected', 'reading_90', 'maths_90')
      and population in ('attending', 'resident')
),

-- Those at alternative provision are in the index; as some publish it they are not, and the two stand side by side.
gap as (
    select
        case scope when 'all' then 'gap_index' else 'gap_index_without_ap' end as indicator,
        population,
        ay,
        gap_index as value,
        n_disadvantaged + n_other as n,
        n_missing_score + n_missing_disadvantage as n_missing,
        (gap_high - gap_low) / 3.92e0 as spread,
        ay not between 2020 and 2022 as comparable
    from disadvantage_gap
    where stage = 'ks4'
      and scope in ('all', 'without_ap')
      and population in ('attending', 'resident')
),

basics_groups as (
    select
        ks4_ay,
        population,
        max(case when disadvantage = 'other' then n_achieved end) as achieved_other,
        max(case when disadvantage = 'other' then n_known end) as known_other,
        max(case when disadvantage = 'disadvantaged' then n_achieved end) as achieved_poor,
        max(case when disadvantage = 'disadvantaged' then n_known end) as known_poor,
        sum(case when disadvantage in ('other', 'disadvantaged') then n_missing
                 when disadvantage = 'not_known' then n_members else 0 end) as n_missing,
        bool_and(coalesce(grades_comparable, false)) as comparable
    from ks4_rate
    where measure = 'basics_9_5'
      and population in ('attending', 'resident')
    group by ks4_ay, population
),

basics as (
    select
        'basics_9_5_gap' as indicator,
        population,
        ks4_ay as ay,
        ratio_of(achieved_other * known_poor - achieved_poor * known_other, known_other * known_poor) as value,
        coalesce(known_other, 0) + coalesce(known_poor, 0) as n,
        n_missing,
        sqrt(1e0 * achieved_other * (known_other - achieved_other) / nullif(known_other, 0) / nullif(known_other, 0) / nullif(known_other, 0)
             + 1e0 * achieved_poor * (known_poor - achieved_poor) / nullif(known_poor, 0) / nullif(known_poor, 0) / nullif(known_poor, 0)) as spread,
        comparable
    from basics_groups
),

-- Long on free meals: at least four in five of the terms seen, and at least six of them seen.
long_groups as (
    select
        ks4_result.ks4_ay,
        populations.population,
        count(*) filter (where not circumstance_year.persistent and ks4_result.basics_9_4 = 'achieved') as achieved_other,
        count(*) filter (where not circumstance_year.persistent and ks4_result.basics_9_4 in ('achieved', 'not_achieved', 'not_entered')) as known_other,
        count(*) filter (where circumstance_year.persistent and ks4_result.basics_9_4 = 'achieved') as achieved_poor,
        count(*) filter (where circumstance_year.persistent and ks4_result.basics_9_4 in ('achieved', 'not_achieved', 'not_entered')) as known_poor,
        count(*) as n_members,
        bool_and(coalesce(ks4_result.grades_comparable, false)) as comparable
    from ks4_result
    cross join (values ('attending'), ('resident')) as populations(population)
    left join circumstance_year
        on circumstance_year.learner_id = ks4_result.learner_id
       and circumstance_year.ay = ks4_result.ks4_ay
    where ks4_result.in_denominator
      and case populations.population when 'attending' then ks4_result.attending else ks4_result.resident end
    group by ks4_result.ks4_ay, populations.population
),

long_gap as (
    select
        'long_gap_9_4' as indicator,
        population,
        ks4_ay as ay,
        ratio_of(achieved_other * known_poor - achieved_poor * known_other, known_other * known_poor) as value,
        known_other + known_poor as n,
        n_members - known_other - known_poor as n_missing,
        sqrt(1e0 * achieved_other * (known_other - achieved_other) / nullif(known_other, 0) / nullif(known_other, 0) / nullif(known_other, 0)
             + 1e0 * achieved_poor * (known_poor - achieved_poor) / nullif(known_poor, 0) / nullif(known_poor, 0) / nullif(known_poor, 0)) as spread,
        comparable
    from long_groups
),

spread_of_schools as (
    select
        'hutchens' as indicator,
        population,
        ay,
        hutchens as value,
        n_pupils as n,
        n_missing + n_in_small_schools as n_missing,
        null as spread,
        true as comparable
    from segregation
    where phase = 'secondary'
      and measure = 'ever6_legacy'
      and population = 'attending'
),

excluded as (
    select
        indicators.indicator,
        suspension_rate.population,
        suspension_rate.ay,
        case indicators.indicator when 'suspension_rate' then suspension_rate.suspension_rate else suspension_rate.permanent_rate end as value,
        suspension_rate.n_pupils as n,
        suspension_rate.n_missing,
        1e2 * sqrt(1e0 * case indicators.indicator when 'suspension_rate' then suspension_rate.n_suspensions else suspension_rate.n_permanent end)
            / nullif(suspension_rate.n_pupils, 0) as spread,
        true as comparable
    from suspension_rate
    cross join build_context
    cross join (values ('suspension_rate'), ('permanent_rate')) as indicators(indicator)
    where suspension_rate.breakdown = 'all'
      and year_ends_on(suspension_rate.ay) <= build_context.as_of
),

careers_groups as (
    select
        populations.population,
        engagement_year.ay,
        count(*) as n_members,
        count(engagement_year.n_careers_interviews) as n_told,
        count(*) filter (where engagement_year.n_careers_interviews > 0) as n_had
    from engagement_year
    inner join circumstance_year
        on circumstance_year.learner_id = engagement_year.learner_id
       and circumstance_year.ay = engagement_year.ay
    cross join build_context
    cross join (values ('attending'), ('resident')) as populations(population)
    where circumstance_year.academic_age = 15
      and year_ends_on(engagement_year.ay) <= build_context.as_of
      and case populations.population when 'attending' then engagement_year.attending else engagement_year.resident end
    group by populations.population, engagement_year.ay
),

careers as (
    select
        'careers_interview' as indicator,
        population,
        ay,
        share_of(n_had, n_told) as value,
        n_told as n,
        n_members - n_told as n_missing,
        sqrt(1e0 * n_had * (n_told - n_had) / nullif(n_told, 0) / nullif(n_told, 0) / nullif(n_told, 0)) as spread,
        true as comparable
    from careers_groups
),

leavers as (
    select
        ks4_result.ks4_ay + 1 as ay,
        populations.population,
        count(*) as n_leavers,
        count(*) filter (where cohort_outcome.destination_16 not in ('no_record', 'not_known')) as n_met
    from ks4_result
    inner join cohort_outcome on cohort_outcome.learner_id = ks4_result.learner_id
    cross join (values ('attending'), ('resident')) as populations(population)
    where ks4_result.in_denominator
      and cohort_outcome.destination_16 <> 'not_due'
      and case populations.population when 'attending' then ks4_result.attending else ks4_result.resident end
    group by ks4_result.ks4_ay + 1, populations.population
),

destinations as (
    select
        'known_destination' as indicator,
        population,
        ay,
        share_of(n_met, n_leavers) as value,
        n_leavers as n,
        0 as n_missing,
        sqrt(1e0 * n_met * (n_leavers - n_met) / nullif(n_leavers, 0) / nullif(n_leavers, 0) / nullif(n_leavers, 0)) as spread,
        true as comparable
    from leavers
),

-- How much more often than by meals in six years the index, and the duration, set apart two pupils of like start: to be read, not judged.
gains as (
    select
        case measured.measure when 'index' then 'index_gain' else 'duration_gain' end as indicator,
        measured.population,
        measured.ks4_ay as ay,
        measured.auc - ever6.auc as value,
        measured.n_known as n,
        measured.n_missing,
        null as spread,
        ks4_year.comparable
    from index_power as measured
    inner join index_power as ever6
        on ever6.ks4_ay = measured.ks4_ay
       and ever6.population = measured.population
       and ever6.measure = 'ever6'
    inner join (select ks4_ay, bool_and(coalesce(grades_comparable, false)) as comparable from ks4_result group by ks4_ay) as ks4_year
        on ks4_year.ks4_ay = measured.ks4_ay
    where measured.measure in ('index', 'duration')
),

met_groups as (
    select
        ks4_result.ks4_ay + 1 as ay,
        populations.population,
        count(*) as n_leavers,
        count(*) filter (where leaver_met.met_by <> 'none') as n_met
    from ks4_result
    inner join leaver_met on leaver_met.learner_id = ks4_result.learner_id
    cross join (values ('attending'), ('resident')) as populations(population)
    where ks4_result.in_denominator
      and case populations.population when 'attending' then ks4_result.attending else ks4_result.resident end
    group by ks4_result.ks4_ay + 1, populations.population
),

met as (
    select
        'leavers_met' as indicator,
        population,
        ay,
        share_of(n_met, n_leavers) as value,
        n_leavers as n,
        0 as n_missing,
        sqrt(1e0 * n_met * (n_leavers - n_met) / nullif(n_leavers, 0) / nullif(n_leavers, 0) / nullif(n_leavers, 0)) as spread,
        true as comparable
    from met_groups
),

level_groups as (
    select
        ks4_ay,
        population,
        max(case when disadvantage = 'other' then n_achieved end) as achieved_other,
        max(case when disadvantage = 'other' then n_members end) as members_other,
        max(case when disadvantage = 'disadvantaged' then n_achieved end) as achieved_poor,
        max(case when disadvantage = 'disadvantaged' then n_members end) as members_poor,
        sum(case when disadvantage in ('other', 'disadvantaged') then n_missing else 0 end) as n_unknown,
        sum(case when disadvantage = 'not_known' then n_members else 0 end) as n_unsaid
    from level_by_19_rate
    where level = 3
      and by_age = 19
      and measure_state = 'measured'
      and population in ('attending', 'resident')
    group by ks4_ay, population
),

-- Of everybody, as published: who is not known counts as not achieved, and stands among the missing.
level_gap as (
    select
        'level3_gap' as indicator,
        population,
        ks4_ay + 3 as ay,
        ratio_of(achieved_other * members_poor - achieved_poor * members_other, members_other * members_poor) as value,
        members_other + members_poor - n_unknown as n,
        n_unknown + n_unsaid as n_missing,
        sqrt(1e0 * achieved_other * (members_other - achieved_other) / nullif(members_other, 0) / nullif(members_other, 0) / nullif(members_other, 0)
             + 1e0 * achieved_poor * (members_poor - achieved_poor) / nullif(members_poor, 0) / nullif(members_poor, 0) / nullif(members_poor, 0)) as spread,
        true as comparable
    from level_groups
),

without_basics as (
    select
        ks4_result.ks4_ay + 2 as ay,
        populations.population,
        count(*) as n_members,
        count(*) filter (where cohort_outcome.destination_17 not in ('no_record', 'not_known')) as n_known,
        count(*) filter (where cohort_outcome.destination_17 = 'participating') as n_in
    from ks4_result
    inner join cohort_outcome on cohort_outcome.learner_id = ks4_result.learner_id
    cross join (values ('attending'), ('resident')) as populations(population)
    where ks4_result.in_denominator
      and ks4_result.basics_9_4 in ('not_achieved', 'not_entered')
      and cohort_outcome.destination_17 <> 'not_due'
      and case populations.population when 'attending' then ks4_result.attending else ks4_result.resident end
    group by ks4_result.ks4_ay + 2, populations.population
),

routes as (
    select
        'in_learning_without_basics' as indicator,
        population,
        ay,
        share_of(n_in, n_known) as value,
        n_known as n,
        n_members - n_known as n_missing,
        sqrt(1e0 * n_in * (n_known - n_in) / nullif(n_known, 0) / nullif(n_known, 0) / nullif(n_known, 0)) as spread,
        true as comparable
    from without_basics
),

together as (
    select indicator, population, ay, value, n, n_missing, spread, comparable from ks2
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from gap
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from basics
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from long_gap
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from spread_of_schools
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from excluded
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from careers
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from destinations
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from gains
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from met
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from level_gap
    union all
    select indicator, population, ay, value, n, n_missing, spread, comparable from routes
),

final as (
    select
        indicator,
        population,
        cast(ay as smallint) as ay,
        cast(value as decimal(9, 4)) as value,
        cast(n as bigint) as n,
        cast(n_missing as bigint) as n_missing,
        cast(round(spread, 9) as decimal(18, 9)) as spread,
        comparable
    from together
    where value is not null
)

select * from final
