/*
title = "What each child of a Year 6 reached in reading, writing and maths"
grain = ["learner_id"]
reads = ["cohort_member", "ks2_row", "stg_assessment", "code_baseline_feed", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
cohort_ay = "The academic year, by its end year, of Year 6"
reading_score = "Scaled score of the reading test that stands; empty unless it was taken and scored"
maths_score = "Scaled score of the maths test that stands; empty unless it was taken and scored"
reading_expected = "100 or more: achieved, not_achieved, unknown, not_published (no tests that year) or no_rule_for_year"
reading_higher = "110 or more, in the same words"
reading_90 = "90 or more, in the same words: below it reading is far behind"
maths_expected = "100 or more, in the same words"
maths_higher = "110 or more, in the same words"
maths_90 = "90 or more, in the same words"
writing_expected = "The teacher's judgement EXS or GDS, in the same words"
writing_higher = "The teacher's judgement GDS, in the same words"
rwm_expected = "All three at the expected standard; not_achieved as soon as one of them is, unknown when only a missing one could say"
rwm_higher = "All three at the higher standard, by the same rule"
*/
-- A test is at the expected standard from 100, above it from 110. Who worked below the test has not reached it; who was absent,
-- disapplied or whose paper was lost may have: that is not known. Writing is the teacher's judgement.
with judgements as (
    select
        cohort_member.learner_id,
        stg_assessment.outcome,
        row_number() over (
            partition by cohort_member.learner_id
            order by coalesce(cast(code_baseline_feed.precedence as integer), 4) asc nulls last,
                     case stg_assessment.outcome when 'GDS' then 1 when 'EXS' then 2 when 'WTS' then 3 else 4 end asc nulls last,
                     stg_assessment.outcome asc nulls last,
                     stg_assessment.source asc nulls last, stg_assessment.row_key asc nulls last
        ) as place
    from stg_assessment
    inner join cohort_member on cohort_member.learner_id = stg_assessment.learner_id
    left join code_baseline_feed on code_baseline_feed.code = stg_assessment.feed
    where stg_assessment.kind = 'ks2_ta'
      and stg_assessment.subject = 'writing'
      and stg_assessment.outcome is not null
      and academic_year(stg_assessment.taken_on) = cohort_member.cohort_ay
),

tests as (
    select
        learner_id,
        max(case when subject = 'reading' and status = 'tested' then score end) as reading_score,
        max(case when subject = 'maths' and status = 'tested' then score end) as maths_score,
        bool_or(subject = 'reading' and status = 'below_test') as reading_below,
        bool_or(subject = 'maths' and status = 'below_test') as maths_below
    from ks2_row
    where place = 1
    group by learner_id
),

rules as (
    select ay, max(value) as tests_held
    from policy
    where parameter = 'ks2_tests_held'
    group by ay
),

members as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        case when rules.tests_held is null then 'no_rule_for_year'
             when rules.tests_held = 0 then 'not_published' end as no_answer,
        tests.reading_score,
        tests.maths_score,
        coalesce(tests.reading_below, false) as reading_below,
        coalesce(tests.maths_below, false) as maths_below,
        judgements.outcome as writing
    from cohort_member
    left join rules on rules.ay = cohort_member.cohort_ay
    left join tests on tests.learner_id = cohort_member.learner_id
    left join judgements
        on judgements.learner_id = cohort_member.learner_id
       and judgements.place = 1
),

answers as (
    select
        learner_id,
        cohort_ay,
        no_answer,
        reading_score,
        maths_score,
        case when reading_score >= 100 then 'achieved' when reading_score is not null or reading_below then 'not_achieved' else 'unknown' end as reading_expected,
        case when reading_score >= 110 then 'achieved' when reading_score is not null or reading_below then 'not_achieved' else 'unknown' end as reading_higher,
        case when maths_score >= 100 then 'achieved' when maths_score is not null or maths_below then 'not_achieved' else 'unknown' end as maths_expected,
        case when maths_score >= 110 then 'achieved' when maths_score is not null or maths_below then 'not_achieved' else 'unknown' end as maths_higher,
        case when writing in ('EXS', 'GDS') then 'achieved'
             when writing in ('WTS', 'HNM', 'BLW', 'PKG', 'PKF', 'PKE', 'PK6', 'PK5', 'PK4', 'PK3', 'PK2', 'PK1') then 'not_achieved'
             else 'unknown' end as writing_expected,
        case when writing = 'GDS' then 'achieved'
             when writing in ('EXS', 'WTS', 'HNM', 'BLW', 'PKG', 'PKF', 'PKE', 'PK6', 'PK5', 'PK4', 'PK3', 'PK2', 'PK1') then 'not_achieved'
             else 'unknown' end as writing_higher,
        case when reading_score >= 90 then 'achieved' when reading_score is not null or reading_below then 'not_achieved' else 'unknown' end as reading_90,
        case when maths_score >= 90 then 'achieved' when maths_score is not null or maths_below then 'not_achieved' else 'unknown' end as maths_90
    from members
),

final as (
    select
        learner_id,
        cohort_ay,
        case when no_answer is null then reading_score end as reading_score,
        case when no_answer is null then maths_score end as maths_score,
        coalesce(no_answer, reading_expected) as reading_expected,
        coalesce(no_answer, reading_higher) as reading_higher,
        coalesce(no_answer, reading_90) as reading_90,
        coalesce(no_answer, maths_expected) as maths_expected,
        coalesce(no_answer, maths_higher) as maths_higher,
        coalesce(no_answer, maths_90) as maths_90,
        coalesce(no_answer, writing_expected) as writing_expected,
        coalesce(no_answer, writing_higher) as writing_higher,
        coalesce(no_answer, case
            when reading_expected = 'not_achieved' or writing_expected = 'not_achieved' or maths_expected = 'not_achieved' then 'not_achieved'
            when reading_expected = 'achieved' and writing_expected = 'achieved' and maths_expected = 'achieved' then 'achieved'
            else 'unknown' end) as rwm_expected,
        coalesce(no_answer, case
            when reading_higher = 'not_achieved' or writing_higher = 'not_achieved' or maths_higher = 'not_achieved' then 'not_achieved'
            when reading_higher = 'achieved' and writing_higher = 'achieved' and maths_higher = 'achieved' then 'achieved'
            else 'unknown' end) as rwm_higher
    from answers
)

select * from final
