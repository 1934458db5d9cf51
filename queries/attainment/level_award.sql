/*
title = "Each pass that counts towards Level 2 or Level 3, once for each subject, by how much of it it is at least and at most"
grain = ["learner_id", "for_level", "kind", "subject"]
reads = ["outcome", "code_grade", "code_ks4_element", "code_level_size"]
[columns]
learner_id = "Pseudonym of the learner"
for_level = "2 or 3: what it counts towards"
kind = "Kind of qualification"
subject = "Subject area"
awarded_on = "The first pass"
least = "How many GCSEs (towards 2) or A levels (towards 3) it is at least; GCSE combined science is two"
most = "The same at most: where no size is told, what it can be"
*/
-- A GCSE is of Level 2 from grade 4 or C on. The level of a vocational award may not be told: it may then be of either. Under the subject
-- "another" there may be several awards in one row: at most, then, all that is asked for.
with passes as (
    select
        outcome.learner_id,
        outcome.kind,
        outcome.subject,
        case when outcome.kind = 'gcse' then case when cast(code_grade.points as integer) >= 4 then '2' else '1' end
             when outcome.kind in ('a_level', 'as_level') then coalesce(outcome.level, '3')
             else outcome.level end as award_level,
        outcome.awarded_on,
        case when outcome.kind = 'gcse' then coalesce(cast(code_ks4_element.awards as integer), 1) else 1 end as awards
    from outcome
    left join code_grade on code_grade.code = outcome.grade
    left join code_ks4_element
        on code_ks4_element.code = outcome.subject
       and (code_ks4_element.valid_from is null or code_ks4_element.valid_from <= outcome.awarded_on)
       and (code_ks4_element.valid_to is null or code_ks4_element.valid_to > outcome.awarded_on)
    where outcome.passed
),

-- An AS level on the way to the A level of the same subject is part of it.
whole_passes as (
    select passes.*
    from passes
    left join (select distinct learner_id, subject from passes where kind = 'a_level' and subject <> 'other') as whole
        on whole.learner_id = passes.learner_id
       and whole.subject = passes.subject
       and passes.kind = 'as_level'
    where whole.learner_id is null
),

sized as (
    select
        whole_passes.learner_id,
        cast(code_level_size.for_level as integer) as for_level,
        whole_passes.kind,
        whole_passes.subject,
        code_level_size.award_level,
        whole_passes.awarded_on,
        cast(whole_passes.awards * cast(case when whole_passes.award_level is null then '0' else code_level_size.least end as decimal(9, 3))
             as decimal(9, 3)) as least,
        cast(whole_passes.awards
             * cast(case when whole_passes.subject <> 'other' then code_level_size.most when code_level_size.for_level = '2' then '5' else '3' end
                    as decimal(9, 3))
             as decimal(9, 3)) as most
    from whole_passes
    inner join code_level_size
        on code_level_size.kind = whole_passes.kind
       and (code_level_size.award_level = whole_passes.award_level or whole_passes.award_level is null)
       and (code_level_size.valid_from is null or code_level_size.valid_from <= whole_passes.awarded_on)
       and (code_level_size.valid_to is null or code_level_size.valid_to > whole_passes.awarded_on)
),

ranked as (
    select
        *,
        row_number() over (
            partition by learner_id, for_level, kind, subject
            order by awarded_on asc nulls last, least desc nulls last, most desc nulls last, award_level asc nulls last
        ) as place
    from sized
),

final as (
    select learner_id, for_level, kind, subject, awarded_on, least, most
    from ranked
    where place = 1
)

select * from final
