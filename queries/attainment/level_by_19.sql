/*
title = "Level 2 and Level 3 by 18 and by 19 of each learner: achieved, not achieved, not known, or not held where no awards after sixteen are loaded"
grain = ["learner_id", "level", "by_age"]
reads = ["ks4_result", "level_award", "level_told", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["n_years_told", "is_held", "level_state"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
level = "2: five GCSEs at 4 (C) or more, or as much else; 3: two A levels, or as much else"
by_age = "19 is the published measure: up to the end of academic age 18; 18 a year before, on the way"
ks4_ay = "The academic year, by its end year, of Year 11"
by_on = "The last day that counts"
in_denominator = "Counts: had neither died nor left England at the end of key stage 4"
attending = "At an establishment here on the January census day of Year 11"
resident = "Living here on that day"
kind = "Kind of establishment of that day"
disadvantaged = "As seen in Year 11; empty when not known"
n_awards = "Passes that count towards it"
size_least = "How many GCSEs (level 2) or A levels (level 3) they are at least"
size_most = "The same at most, where no size or level is told"
n_years_on_roll = "Years after Year 11 and up to by_on with a roll at a school, college or provider"
n_years_told = "Of them those in which somebody tells of awards after sixteen at one of these places"
is_held = "Whether awards after sixteen are held of anybody of the cohort year"
level_state = "achieved; not_achieved: even at most it falls short, and in every year with a roll, one at least, awards are told; unknown; not_held: no awards after sixteen are held of the cohort; no_rule_for_year"
*/
-- An achievement stands whoever tells of it. That there is none is known only where somebody tells of awards, and sizes do not leave it open.
with rules as (
    select
        ay,
        max(case when parameter = 'level2_gcses' then value end) as level_2,
        max(case when parameter = 'level3_a_levels' then value end) as level_3
    from policy
    group by ay
),

asked as (
    select
        ks4_result.*,
        levels.level,
        level_told.by_age,
        year_ends_on(ks4_result.ks4_ay + level_told.by_age - 16) as by_on,
        level_told.is_held,
        level_told.n_years_on_roll,
        level_told.n_years_told,
        case levels.level when 2 then rules.level_2 else rules.level_3 end as threshold
    from ks4_result
    inner join level_told on level_told.learner_id = ks4_result.learner_id
    cross join (values (2), (3)) as levels(level)
    left join rules on rules.ay = ks4_result.ks4_ay + level_told.by_age - 16
),

sizes as (
    select
        asked.learner_id,
        asked.level,
        asked.by_age,
        count(level_award.learner_id) as n_awards,
        coalesce(sum(level_award.least), 0) as size_least,
        coalesce(sum(level_award.most), 0) as size_most
    from asked
    left join level_award
        on level_award.learner_id = asked.learner_id
       and level_award.for_level = asked.level
       and level_award.awarded_on <= asked.by_on
    group by asked.learner_id, asked.level, asked.by_age
),

measured as (
    select
        asked.*,
        sizes.n_awards,
        sizes.size_least,
        sizes.size_most,
        coalesce(sizes.size_least >= asked.threshold, false) as is_achieved,
        -- Level 3 is Level 2 too.
        max(case when asked.level = 3 and sizes.size_least >= asked.threshold then 1 else 0 end) over (
            partition by asked.learner_id, asked.by_age
        ) = 1 as is_achieved_3
    from asked
    inner join sizes
        on sizes.learner_id = asked.learner_id
       and sizes.level = asked.level
       and sizes.by_age = asked.by_age
),

final as (
    select
        learner_id,
        level,
        by_age,
        ks4_ay,
        by_on,
        in_denominator,
        attending,
        resident,
        kind,
        disadvantaged,
        cast(n_awards as integer) as n_awards,
        cast(size_least as decimal(9, 3)) as size_least,
        cast(size_most as decimal(9, 3)) as size_most,
        cast(n_years_on_roll as integer) as n_years_on_roll,
        cast(n_years_told as integer) as n_years_told,
        is_held,
        case when threshold is null then 'no_rule_for_year'
             when is_achieved or is_achieved_3 then 'achieved'
             when not is_held then 'not_held'
             when size_most < threshold and n_years_on_roll > 0 and n_years_told = n_years_on_roll then 'not_achieved'
             else 'unknown'
        end as level_state
    from measured
)

select * from final
