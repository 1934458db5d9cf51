/*
title = "Every row about key stage 2 reading and maths in Year 6, with the kind of source and which one stands"
grain = ["learner_id", "subject", "place"]
reads = ["learner", "stg_assessment", "code_baseline_feed"]
[columns]
learner_id = "Pseudonym of the learner"
baseline_source = "national, ks4_prior, ctf or mis"
place = "1 stands; the others are what was passed over"
*/
-- The national file says what counts, whatever it says; then prior attainment in the key stage 4 file, the transfer file
-- and last a school's own system. Within one of these a test taken wins, then the greater score.
with rows_of_year_6 as (
    select
        stg_assessment.learner_id,
        stg_assessment.subject,
        stg_assessment.status,
        stg_assessment.score,
        stg_assessment.source,
        stg_assessment.row_key,
        coalesce(code_baseline_feed.baseline_source, 'mis') as baseline_source,
        coalesce(cast(code_baseline_feed.precedence as integer), 4) as precedence
    from stg_assessment
    inner join learner on learner.learner_id = stg_assessment.learner_id
    left join code_baseline_feed on code_baseline_feed.code = stg_assessment.feed
    where stg_assessment.kind = 'ks2'
      and stg_assessment.subject in ('reading', 'maths')
      and academic_year(stg_assessment.taken_on) = learner.cohort_ay
),

final as (
    select
        learner_id,
        subject,
        status,
        score,
        source,
        baseline_source,
        row_number() over (
            partition by learner_id, subject
            order by precedence asc nulls last,
                     case when status = 'tested' then 1 else 2 end asc nulls last,
                     score desc nulls last,
                     case status when 'tested' then 1 when 'below_test' then 2 when 'absent' then 3
                                 when 'disapplied' then 4 when 'maladmin' then 5 when 'lost' then 6 end asc nulls last,
                     source asc nulls last, row_key asc nulls last
        ) as place
    from rows_of_year_6
)

select * from final
