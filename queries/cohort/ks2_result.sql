/*
title = "Key stage 2 reading and maths in Year 6"
grain = ["learner_id"]
reads = ["learner", "ks2_row", "policy"]
[columns]
learner_id = "Pseudonym of the learner"
ks2_state = "What is known of key stage 2; empty where no row and no rule say anything"
ks2_score = "Mean of reading and maths, two decimals; only when tested or below_test"
*/
with subjects as (
    select learner_id, subject, status, case when status = 'tested' then score end as score
    from ks2_row
    where place = 1
),

side_by_side as (
    select
        learner_id,
        count(*) as n_subjects,
        count(*) filter (where score is not null) as n_scored,
        count(*) filter (where status = 'below_test') as n_below_test,
        max(case when subject = 'reading' then status end) as reading_status,
        max(case when subject = 'maths' then status end) as maths_status,
        max(case when subject = 'reading' then score end) as reading_score,
        max(case when subject = 'maths' then score end) as maths_score
    from subjects
    group by learner_id
),

rules as (
    select
        ay,
        max(case when parameter = 'ks2_tests_held' then value end) as tests_held,
        cast(max(case when parameter = 'ks2_notional_below_test' then value end) as decimal(9, 2)) as notional_score
    from policy
    where parameter in ('ks2_tests_held', 'ks2_notional_below_test')
    group by ay
),

-- In a year without tests, or without a rule, nothing else counts: not even a row that says otherwise.
states as (
    select
        learner.learner_id,
        case when rules.tests_held is null then 'no_rule_for_year'
             when rules.tests_held = 0 then 'covid'
             when side_by_side.n_scored = 2 then 'tested'
             when side_by_side.n_below_test >= 1 and side_by_side.n_subjects = 2 then 'below_test'
             when side_by_side.n_scored = 1 then 'one_subject'
             when side_by_side.n_subjects >= 1 then coalesce(side_by_side.reading_status, side_by_side.maths_status)
        end as ks2_state,
        case when side_by_side.reading_status = 'below_test' then rules.notional_score else side_by_side.reading_score end as reading_points,
        case when side_by_side.maths_status = 'below_test' then rules.notional_score else side_by_side.maths_score end as maths_points
    from learner
    left join rules on rules.ay = learner.cohort_ay
    left join side_by_side on side_by_side.learner_id = learner.learner_id
    where learner.cohort_ay is not null
),

-- A mean needs both: one score is never taken for the other.
final as (
    select
        learner_id,
        ks2_state,
        case when ks2_state in ('tested', 'below_test')
             then cast((reading_points + maths_points) * 0.5 as decimal(9, 2)) end as ks2_score
    from states
)

select * from final
