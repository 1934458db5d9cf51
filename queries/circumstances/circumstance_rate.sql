/*
title = "How many live in which circumstances, year by year: shares of pupils, with those of whom nothing is known beside them"
grain = ["ay", "population", "measure"]
reads = ["circumstance_year", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ay = "The academic year, by its end year"
population = "attending: at an establishment here on the January census day; resident: living here on it"
measure = "Which circumstance"
numerator = "Learners in it"
denominator = "Learners of whom it is known"
n_missing = "Learners of whom it is not known: they are in neither"
rate = "numerator / denominator"
rate_low = "Lower end of its 95% interval"
rate_high = "Upper end of its 95% interval"
is_series_break = "Whether this measure changed its meaning with this year: no trend is to be drawn across it"
*/
with alike as (
    -- Those who are alike in all that is asked are counted once, and their number then serves every measure.
    select
        ay,
        attending,
        resident,
        academic_age = 15 as is_fifteen,
        fsm,
        ever6_any,
        ever6_legacy,
        persistent,
        disadvantaged,
        cla,
        sen,
        eal,
        moves_mid_year > 0 as moved_mid_year,
        same_school_since_y7,
        same_school_since_y10,
        count(*) as n
    from circumstance_year
    group by ay, attending, resident, academic_age = 15, fsm, ever6_any, ever6_legacy, persistent, disadvantaged, cla, sen, eal,
             moves_mid_year > 0, same_school_since_y7, same_school_since_y10
),

answers as (
    select
        alike.ay,
        populations.population,
        measures.measure,
        case measures.measure
            when 'fsm' then alike.fsm
            when 'ever6_any' then alike.ever6_any
            when 'ever6_legacy' then alike.ever6_legacy
            when 'persistently_disadvantaged' then alike.persistent
            when 'disadvantaged' then alike.disadvantaged
            when 'looked_after' then alike.cla
            when 'sen_support' then alike.sen = 'support'
            when 'sen_plan' then alike.sen = 'plan'
            when 'eal' then alike.eal
            when 'moved_mid_year' then alike.moved_mid_year
            when 'same_school_since_y7' then alike.same_school_since_y7
            when 'same_school_since_y10' then alike.same_school_since_y10
        end as answer,
        alike.n
    from alike
    cross join (values ('attending'), ('resident')) as populations(population)
    cross join (values ('fsm'), ('ever6_any'), ('ever6_legacy'), ('persistently_disadvantaged'), ('disadvantaged'),
                       ('looked_after'), ('sen_support'), ('sen_plan'), ('eal'), ('moved_mid_year'),
                       ('same_school_since_y7'), ('same_school_since_y10')) as measures(measure)
    where case populations.population when 'attending' then alike.attending else alike.resident end
      and (measures.measure not in ('same_school_since_y7', 'same_school_since_y10') or alike.is_fifteen)
),

counts as (
    select
        ay,
        population,
        measure,
        cast(sum(case when answer then n else 0 end) as bigint) as numerator,
        cast(sum(case when answer is not null then n else 0 end) as bigint) as denominator,
        cast(sum(case when answer is null then n else 0 end) as bigint) as n_missing
    from answers
    group by ay, population, measure
),

-- The rule of September 2026 makes more children eligible: what counts them before and after counts different things.
rules as (
    select ay, max(value) as is_new_rule
    from policy
    where parameter = 'fsm_universal_credit_rule'
    group by ay
),

breaks as (
    select rules.ay
    from rules
    inner join rules as before on before.ay = rules.ay - 1
    where before.is_new_rule <> rules.is_new_rule
),

final as (
    select
        counts.ay,
        population,
        measure,
        numerator,
        denominator,
        n_missing,
        share_of(numerator, denominator) as rate,
        wilson_low(numerator, denominator) as rate_low,
        wilson_high(numerator, denominator) as rate_high,
        breaks.ay is not null
            and measure in ('fsm', 'ever6_any', 'persistently_disadvantaged', 'disadvantaged') as is_series_break
    from counts
    left join breaks on breaks.ay = counts.ay
)

select * from final
