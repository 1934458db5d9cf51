/*
title = "The eighteen questions of the monitoring report: whether records of learners can answer them, the indicator, its trend and a colour with its reason"
grain = ["question", "indicator", "population"]
reads = ["scorecard_value", "code_scorecard_question", "code_scorecard_indicator", "policy"]
purposes = ["research", "participation"]
published = true
[columns]
question = "Number of the question"
indicator = "Which indicator of it; none where nothing here measures it"
population = "attending or resident in January of the year; none without an indicator or a value"
topic = "What the question is about"
answerable = "yes, partly or no: whether records of learners can answer it at all"
why = "What makes it so"
label = "What the indicator is"
better = "up or down: which way is better"
ay = "The newest academic year, by its end year, that has a value"
value = "The indicator in that year"
n = "Learners behind it"
n_missing = "Learners of whom it is not known"
coverage = "n of n and those of whom it is not known"
value_before = "The indicator three years earlier, where both years compare"
n_before = "Learners behind value_before; empty without it"
change = "Change in three years; above nought is better"
change_low = "Lower end of its 90% interval, as if learners stood alone; empty where the indicator has no spread"
judged_by = "trend, level, falling_level or told: by what the indicator is coloured; a trend that cannot be judged gives way to the level"
green = "The level from which it is green; empty without one"
amber = "The level from which it is amber"
target = "What the change has to be to halve the indicator in fifteen years: 4.5% a year"
rag = "green, amber, red or grey: of an outcome, never of what a government did"
reason = "Why that colour, in a word"
*/
-- By trend: green when even the lower end of the change reaches the target, amber when it is better with four chances in five but short
-- of that, else red. By level, or where three years earlier has no value: the thresholds of the indicator. Grey: fewer than 100 learners,
-- less than four in five known, a year that compares with no other, groups made of free meals before and after the rule of September 2026, no right
-- number to judge it by, no value, or no measure.
with newest as (
    select indicator, population, max(ay) as ay
    from scorecard_value
    group by indicator, population
),

rules as (
    select ay, max(value) as is_new_rule
    from policy
    where parameter = 'fsm_universal_credit_rule'
    group by ay
),

values_now as (
    select
        scorecard_value.*,
        code_scorecard_indicator.question,
        code_scorecard_indicator.label,
        code_scorecard_indicator.better,
        code_scorecard_indicator.judged_by,
        cast(code_scorecard_indicator.green as decimal(9, 4)) as green,
        cast(code_scorecard_indicator.amber as decimal(9, 4)) as amber,
        code_scorecard_indicator.by_meals = 'Y' and before.ay is not null and rules_before.is_new_rule <> rules_now.is_new_rule as is_broken,
        case when before.comparable
              and scorecard_value.comparable
              and not coalesce(code_scorecard_indicator.by_meals = 'Y' and rules_before.is_new_rule <> rules_now.is_new_rule, false)
             then before.value end as value_before,
        before.spread as spread_before,
        before.n as n_before
    from scorecard_value
    inner join newest
        on newest.indicator = scorecard_value.indicator
       and newest.population = scorecard_value.population
       and newest.ay = scorecard_value.ay
    inner join code_scorecard_indicator on code_scorecard_indicator.code = scorecard_value.indicator
    left join scorecard_value as before
        on before.indicator = scorecard_value.indicator
       and before.population = scorecard_value.population
       and before.ay = scorecard_value.ay - 3
    left join rules as rules_now on rules_now.ay = scorecard_value.ay
    left join rules as rules_before on rules_before.ay = before.ay
),

changes as (
    select
        *,
        case better when 'down' then value_before - value else value - value_before end as change,
        sqrt(1e0 * spread * spread + 1e0 * spread_before * spread_before) as change_spread,
        -- 1 - 0.955 to the third power.
        cast(value_before * 0.1290 as decimal(9, 4)) as target
    from values_now
),

judged as (
    select
        *,
        change - 1.645 * change_spread as change_low,
        case
            when n < 100 then 'too_few'
            when n * 5 < (n + n_missing) * 4 then 'coverage'
            when not comparable then 'not_comparable'
            when is_broken then 'series_break'
            when judged_by = 'told' then 'told_not_judged'
            when judged_by = 'trend' and n_before >= 100 and change_spread is not null and change is not null
                then case when change - 1.645 * change_spread >= target then 'on_course'
                          when change > 0 and change >= 0.8416 * change_spread then 'better_short_of_target'
                          else 'not_better' end
            when green is null then 'no_year_before'
            when judged_by = 'falling_level' and value <= green and not coalesce(change > 0, false) then 'level_middling'
            when better = 'down' and value <= green then 'level_good'
            when better = 'up' and value >= green then 'level_good'
            when better = 'down' and value <= amber then 'level_middling'
            when better = 'up' and value >= amber then 'level_middling'
            else 'level_poor'
        end as reason
    from changes
),

-- Every question is listed, and every indicator of it, whether it has a value or not.
asked as (
    select
        cast(code_scorecard_question.code as integer) as question,
        code_scorecard_question.label as topic,
        code_scorecard_question.answerable,
        code_scorecard_question.why,
        code_scorecard_indicator.code as indicator,
        code_scorecard_indicator.label,
        code_scorecard_indicator.better,
        code_scorecard_indicator.judged_by,
        cast(code_scorecard_indicator.green as decimal(9, 4)) as green,
        cast(code_scorecard_indicator.amber as decimal(9, 4)) as amber
    from code_scorecard_question
    left join code_scorecard_indicator on code_scorecard_indicator.question = code_scorecard_question.code
),

final as (
    select
        asked.question,
        coalesce(asked.indicator, 'none') as indicator,
        coalesce(judged.population, 'none') as population,
        asked.topic,
        asked.answerable,
        asked.why,
        asked.label,
        asked.better,
        judged.ay,
        judged.value,
        judged.n,
        judged.n_missing,
        share_of(judged.n, judged.n + judged.n_missing) as coverage,
        judged.value_before,
        case when judged.value_before is not null then judged.n_before end as n_before,
        cast(judged.change as decimal(9, 4)) as change,
        cast(round(judged.change_low, 4) as decimal(9, 4)) as change_low,
        asked.judged_by,
        asked.green,
        asked.amber,
        judged.target,
        case coalesce(judged.reason, 'none')
            when 'on_course' then 'green' when 'level_good' then 'green'
            when 'better_short_of_target' then 'amber' when 'level_middling' then 'amber'
            when 'not_better' then 'red' when 'level_poor' then 'red'
            else 'grey' end as rag,
        case when judged.reason is not null then judged.reason
             when asked.answerable = 'no' then 'not_measurable_here'
             when asked.indicator is null then 'not_yet_measured'
             else 'no_value' end as reason
    from asked
    left join judged on judged.indicator = asked.indicator
)

select * from final
