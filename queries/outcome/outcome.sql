/*
title = "Every award, each once"
grain = ["learner_id", "kind", "subject", "level", "awarded_on"]
reads = ["stg_qualification", "code_qualification_kind", "code_grade"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
kind = "GCSE, functional skills, entry level, BTEC, unit award and others"
subject = "Subject area"
level = "RQF level; empty where the source gives none"
awarded_on = "Award date"
grade = "The better grade where sources differ"
passed = "Whether the grade is a pass; empty where there is no grade or no result"
counts_in_tables = "Whether the kind counts in the key stage 4 tables"
source_count = "How many sources report it"
*/
with graded as (
    select
        stg_qualification.learner_id,
        stg_qualification.kind,
        stg_qualification.subject,
        stg_qualification.level,
        stg_qualification.awarded_on,
        stg_qualification.grade,
        stg_qualification.source,
        case when stg_qualification.grade in ('U', 'FAIL') then false
             when code_grade.scale = 'award' or cast(code_grade.points as integer) >= 1 then true
        end as passed,
        code_grade.points,
        coalesce(code_qualification_kind.in_ks4_tables, 'N') = 'Y' as counts_in_tables
    from stg_qualification
    left join code_qualification_kind on code_qualification_kind.code = stg_qualification.kind
    left join code_grade on code_grade.code = stg_qualification.grade
),

-- The better grade: a pass before a fail, a fail before no result; then more points, then distinction before merit.
ranked as (
    select
        *,
        row_number() over (
            partition by learner_id, kind, subject, level, awarded_on
            order by case when passed then 1 when not passed then 2 when grade is not null then 3 else 4 end asc nulls last,
                     cast(points as integer) desc nulls last,
                     case grade when 'DSTAR' then 1 when 'DIST' then 2 when 'MERIT' then 3 else 4 end asc nulls last
        ) as place
    from graded
),

final as (
    select
        learner_id,
        kind,
        subject,
        level,
        awarded_on,
        max(case when place = 1 then grade end) as grade,
        max(case when place = 1 and passed then 1 when place = 1 and not passed then 0 end) = 1 as passed,
        counts_in_tables,
        cast(count(distinct source) as integer) as source_count
    from ranked
    group by learner_id, kind, subject, level, awarded_on, counts_in_tables
)

select * from final
