/*
title = "What every learner of a finished cohort achieved at the end of key stage 4, by the measures of the year"
grain = ["learner_id"]
reads = ["cohort_member", "cohort_outcome", "baseline", "circumstance_year", "ks4_threshold", "attainment8", "policy", "code_progress8_estimate"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ks4_ay = "The academic year, by its end year, in which the learner finishes key stage 4: Year 6 and five"
in_denominator = "Counts at the end of key stage 4: has neither died nor left England"
attending = "At an establishment here on the January census day of Year 11"
resident = "Living here on that day"
kind = "Kind of establishment of that day"
disadvantaged = "Free meals in six years, looked after or out of care, as seen in Year 11; empty when not known"
result_state = "As in cohort_outcome"
five_a_c_em = "Five good passes with English and maths (to 2016): achieved, not_achieved, not_entered, unknown, not_published or no_rule_for_year"
basics_9_4 = "English and maths at 4 (or C) and more; the same words"
basics_9_5 = "English and maths at 5 and more; the same words; unknown where only a legacy C could say"
ebacc_entered = "Results in English, maths, two sciences, a language and history or geography; the same words"
ebacc_9_4 = "All of them at 4 and more; the same words"
attainment8 = "Best entries, points; 0 for who is known to have no result that counts; empty when unknown or no rule"
attainment8_first = "The same from first entries, as performance tables count"
attainment8_state = "known, not_entered, unknown, or no_rule_for_year"
n_without_points = "Results that the scale of the year has no points for"
english_maths = "Mean of the points in English and maths, what is missing counting 0; empty when unknown"
ks2_score = "As in cohort_member"
baseline_source = "Whose word the starting point is"
progress8 = "(attainment8_first - the national estimate for the same start) / 10"
progress8_state = "known; not_published in a year without the measure; no_baseline; unknown; no_rule_for_year where no estimate is held"
grades_comparable = "Whether the grades of the year compare with those of others (2020 to 2022 do not); empty without a rule"
*/
with rules as (
    select
        ay,
        max(case when parameter = 'five_a_c_published' then value end) as five_a_c,
        max(case when parameter = 'basics_9_4_published' then value end) as basics_9_4,
        max(case when parameter = 'basics_9_5_published' then value end) as basics_9_5,
        max(case when parameter = 'ebacc_published' then value end) as ebacc,
        max(case when parameter = 'attainment8_slots_open' then value end) as attainment8,
        max(case when parameter = 'progress8_published' then value end) as progress8,
        max(case when parameter = 'grades_comparable' then value end) as comparable
    from policy
    group by ay
),

members as (
    select
        cohort_member.learner_id,
        cast(cohort_member.cohort_ay + 5 as smallint) as ks4_ay,
        cohort_outcome.in_denominator,
        cohort_outcome.result_state,
        cohort_member.ks2_score,
        baseline.baseline_source,
        coalesce(circumstance_year.attending, false) as attending,
        coalesce(circumstance_year.resident, false) as resident,
        coalesce(circumstance_year.kind, 'not_known') as kind,
        circumstance_year.disadvantaged
    from cohort_member
    inner join cohort_outcome on cohort_outcome.learner_id = cohort_member.learner_id
    inner join baseline on baseline.learner_id = cohort_member.learner_id
    left join circumstance_year
        on circumstance_year.learner_id = cohort_member.learner_id
       and circumstance_year.ay = cohort_member.cohort_ay + 5
    where cohort_outcome.state <> 'not_yet_16'
),

-- The national estimate of the group that a starting point falls in: the greatest lower bound that it reaches.
estimates as (
    select
        members.learner_id,
        cast(code_progress8_estimate.attainment8 as decimal(9, 2)) as estimate,
        row_number() over (
            partition by members.learner_id
            order by cast(code_progress8_estimate.ks2_from as decimal(9, 2)) desc nulls last
        ) as place
    from members
    inner join code_progress8_estimate
        on code_progress8_estimate.valid_from <= year_ends_on(members.ks4_ay)
       and code_progress8_estimate.valid_to > year_ends_on(members.ks4_ay)
       and cast(code_progress8_estimate.ks2_from as decimal(9, 2)) <= members.ks2_score
),

estimate_years as (
    select distinct academic_year(add_days(valid_to, -1)) as ay
    from code_progress8_estimate
),

facts as (
    select
        members.*,
        rules.five_a_c as rule_five_a_c,
        rules.basics_9_4 as rule_basics_9_4,
        rules.basics_9_5 as rule_basics_9_5,
        rules.ebacc as rule_ebacc,
        rules.attainment8 as rule_attainment8,
        rules.progress8 as rule_progress8,
        rules.comparable as rule_comparable,
        coalesce(members.result_state, 'unknown') = 'unknown' as is_unknown,
        ks4_threshold.english_best is not null and ks4_threshold.maths_best is not null as has_basics,
        coalesce(ks4_threshold.n_good_passes >= 5 and ks4_threshold.english_language_best >= 4
                 and ks4_threshold.maths_best >= 4, false) as reaches_five_a_c,
        coalesce(ks4_threshold.english_best >= 4 and ks4_threshold.maths_best >= 4, false) as reaches_4,
        coalesce(ks4_threshold.english_best >= 5 and ks4_threshold.maths_best >= 5, false) as reaches_5,
        coalesce((ks4_threshold.english_best >= 5 or ks4_threshold.has_english_c = 1)
                 and (ks4_threshold.maths_best >= 5 or ks4_threshold.has_maths_c = 1), false) as may_reach_5,
        coalesce(ks4_threshold.english_best is not null and ks4_threshold.maths_best is not null
                 and ks4_threshold.n_science >= 2 and ks4_threshold.humanities_best is not null
                 and ks4_threshold.language_best is not null, false) as enters_ebacc,
        coalesce(ks4_threshold.english_best >= 4 and ks4_threshold.maths_best >= 4
                 and ks4_threshold.n_science_4 >= 2 and ks4_threshold.humanities_best >= 4
                 and ks4_threshold.language_best >= 4, false) as reaches_ebacc,
        ks4_threshold.n_results,
        best.attainment8 as best_attainment8,
        best.english_points,
        best.maths_points,
        best.n_without_points,
        first_entries.attainment8 as first_attainment8,
        estimates.estimate,
        estimate_years.ay is not null as has_estimates
    from members
    left join rules on rules.ay = members.ks4_ay
    left join ks4_threshold on ks4_threshold.learner_id = members.learner_id
    left join attainment8 as best
        on best.learner_id = members.learner_id
       and best.reading = 'best'
    left join attainment8 as first_entries
        on first_entries.learner_id = members.learner_id
       and first_entries.reading = 'first'
    left join estimates
        on estimates.learner_id = members.learner_id
       and estimates.place = 1
    left join estimate_years on estimate_years.ay = members.ks4_ay
),

judged as (
    select
        *,
        case when rule_attainment8 is null or is_unknown then null else coalesce(best_attainment8, 0) end as attainment8_points,
        case when rule_attainment8 is null or is_unknown then null else coalesce(first_attainment8, 0) end as first_points
    from facts
),

final as (
    select
        learner_id,
        ks4_ay,
        in_denominator,
        attending,
        resident,
        kind,
        disadvantaged,
        coalesce(result_state, 'unknown') as result_state,
        case when rule_five_a_c is null then 'no_rule_for_year' when rule_five_a_c = 0 then 'not_published'
             when is_unknown then 'unknown' when reaches_five_a_c then 'achieved'
             when n_results is null then 'not_entered' else 'not_achieved' end as five_a_c_em,
        case when rule_basics_9_4 is null then 'no_rule_for_year' when rule_basics_9_4 = 0 then 'not_published'
             when is_unknown then 'unknown' when reaches_4 then 'achieved'
             when not coalesce(has_basics, false) then 'not_entered' else 'not_achieved' end as basics_9_4,
        case when rule_basics_9_5 is null then 'no_rule_for_year' when rule_basics_9_5 = 0 then 'not_published'
             when is_unknown then 'unknown' when reaches_5 then 'achieved' when may_reach_5 then 'unknown'
             when not coalesce(has_basics, false) then 'not_entered' else 'not_achieved' end as basics_9_5,
        case when rule_ebacc is null then 'no_rule_for_year' when rule_ebacc = 0 then 'not_published'
             when is_unknown then 'unknown' when enters_ebacc then 'achieved' else 'not_entered' end as ebacc_entered,
        case when rule_ebacc is null then 'no_rule_for_year' when rule_ebacc = 0 then 'not_published'
             when is_unknown then 'unknown' when reaches_ebacc then 'achieved'
             when not enters_ebacc then 'not_entered' else 'not_achieved' end as ebacc_9_4,
        cast(attainment8_points as decimal(9, 2)) as attainment8,
        cast(first_points as decimal(9, 2)) as attainment8_first,
        case when rule_attainment8 is null then 'no_rule_for_year' when is_unknown then 'unknown'
             when n_results is null then 'not_entered' else 'known' end as attainment8_state,
        coalesce(n_without_points, 0) as n_without_points,
        cast(case when is_unknown then null
             else (coalesce(english_points, 0) + coalesce(maths_points, 0)) * 0.5 end as decimal(9, 2)) as english_maths,
        ks2_score,
        baseline_source,
        cast(case when rule_progress8 = 1 then (first_points - estimate) * 0.1 end as decimal(9, 3)) as progress8,
        case when rule_progress8 is null then 'no_rule_for_year' when rule_progress8 = 0 then 'not_published'
             when not has_estimates then 'no_rule_for_year' when is_unknown then 'unknown'
             when estimate is null then 'no_baseline' else 'known' end as progress8_state,
        rule_comparable = 1 as grades_comparable
    from judged
)

select * from final
