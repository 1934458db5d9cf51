/*
title = "What each learner had achieved by the end of Year 11, of any kind"
grain = ["learner_id"]
reads = ["cohort_member", "outcome", "code_subject", "code_ks4_element", "code_grade", "code_qualification_level"]
[columns]
learner_id = "Pseudonym of the learner; learners without a single row are not here"
result_state = "ks4_results, other_accredited or none_entered"
level1_english_maths = "Level 1 or more in both English and maths, by whatever qualification"
level2_english_maths = "Level 2 or more in both English and maths, by whatever qualification"
n_other_accredited = "Passes that do not count in the tables, unit awards left out"
highest_level = "Highest level of anything passed"
*/
with awards as (
    select
        outcome.learner_id,
        outcome.kind,
        outcome.subject,
        code_subject.area,
        outcome.grade,
        outcome.passed,
        outcome.counts_in_tables,
        case when outcome.kind = 'gcse' and outcome.grade <> 'X' then cast(code_grade.points as integer) end as gcse_points,
        coalesce(cast(code_ks4_element.awards as integer), 1) as n_gcses,
        case when not coalesce(outcome.passed, false) then null
             when outcome.kind = 'gcse' and cast(code_grade.points as integer) >= 4 then '2'
             when outcome.kind = 'gcse' then '1'
             else outcome.level
        end as level_reached
    from outcome
    inner join cohort_member on cohort_member.learner_id = outcome.learner_id
    left join code_subject on code_subject.code = outcome.subject
    left join code_ks4_element
        on code_ks4_element.code = outcome.subject
       and (code_ks4_element.valid_from is null or code_ks4_element.valid_from <= outcome.awarded_on)
       and (code_ks4_element.valid_to is null or code_ks4_element.valid_to > outcome.awarded_on)
    left join code_grade on code_grade.code = outcome.grade
    where outcome.awarded_on <= year_ends_on(cohort_member.cohort_ay + 5)
),

-- A subject sat twice counts once, with its best grade. Combined science is two GCSEs of one grade.
best_gcses as (
    select learner_id, subject, max(gcse_points) as points, max(n_gcses) as n_gcses
    from awards
    where gcse_points is not null
    group by learner_id, subject
),

gcses as (
    select
        learner_id,
        cast(sum(n_gcses) as bigint) as n_gcse,
        cast(coalesce(sum(case when points >= 7 then n_gcses end), 0) as bigint) as n_gcse_7_9,
        max(case when subject in ('english_language', 'english_literature') then points end) as english_points,
        max(case when subject = 'maths' then points end) as maths_points
    from best_gcses
    group by learner_id
),

levelled_awards as (
    select
        awards.*,
        cast(code_qualification_level.rung as integer) as rung
    from awards
    left join code_qualification_level on code_qualification_level.code = awards.level_reached
),

-- Rungs of the ladder: entry levels 1 to 3, then level 1 is rung 4 and level 2 is rung 5.
totals as (
    select
        learner_id,
        count(*) filter (where counts_in_tables and grade <> 'X') as n_table_results,
        count(*) filter (where passed) as n_passed,
        count(*) filter (where passed and not counts_in_tables and kind <> 'unit_award') as n_other_accredited,
        count(*) filter (where passed and kind = 'unit_award') as n_unit_awards,
        coalesce(max(case when area = 'english' then rung end), 0) as english_rung,
        coalesce(max(case when area = 'maths' then rung end), 0) as maths_rung,
        max(rung) as highest_rung
    from levelled_awards
    group by learner_id
),

final as (
    select
        totals.learner_id,
        case when totals.n_table_results > 0 then 'ks4_results'
             when totals.n_passed > 0 then 'other_accredited'
             else 'none_entered'
        end as result_state,
        coalesce(gcses.n_gcse, 0) as n_gcse,
        coalesce(gcses.n_gcse_7_9, 0) as n_gcse_7_9,
        coalesce(gcses.n_gcse_7_9, 0) >= 5 as five_gcse_7_9,
        coalesce(gcses.english_points >= 4 and gcses.maths_points >= 4, false) as basics_9_4,
        coalesce(gcses.english_points >= 5 and gcses.maths_points >= 5, false) as basics_9_5,
        totals.english_rung >= 4 and totals.maths_rung >= 4 as level1_english_maths,
        totals.english_rung >= 5 and totals.maths_rung >= 5 as level2_english_maths,
        totals.n_other_accredited,
        totals.n_unit_awards,
        code_qualification_level.code as highest_level
    from totals
    left join gcses on gcses.learner_id = totals.learner_id
    left join code_qualification_level on cast(code_qualification_level.rung as integer) = totals.highest_rung
)

select * from final
