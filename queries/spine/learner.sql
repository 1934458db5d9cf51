/*
title = "Learners"
grain = ["learner_id"]
reads = ["learner_link", "stg_learner", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
birth_month = "First day of the month of birth"
sex = "Sex as most of the learner's sources record it"
ethnicity = "Ethnic group as most of the learner's sources record it"
cohort_ay = "The academic year, by its end year, in which the learner is in Year 6 by age; empty without a birth month"
*/
-- Each source knows a person in its own way. Every subject votes once for each attribute, with its latest
-- non-empty value; most votes win, and a tie goes to the smallest value in code order.
with learners as (
    select distinct id_text(learner_id) as learner_id
    from learner_link
),

-- Most learners have one birth month, sex and ethnicity, whoever speaks of them: only where two are told, it has to be asked
-- who said what, and when.
agreed as (
    select
        learner_id,
        max(birth_month) as birth_month,
        max(sex) as sex,
        max(ethnicity) as ethnicity,
        coalesce(min(birth_month) <> max(birth_month), false) as is_birth_month_disputed,
        coalesce(min(sex) <> max(sex), false) as is_sex_disputed,
        coalesce(min(ethnicity) <> max(ethnicity), false) as is_ethnicity_disputed
    from stg_learner
    group by learner_id
),

statements as (
    select stg_learner.learner_id, stg_learner.subject_id, said.attribute,
           case said.attribute
               when 'birth_month' then cast(stg_learner.birth_month as varchar)
               when 'sex' then stg_learner.sex
               else stg_learner.ethnicity
           end as value,
           coalesce(stg_learner.observed_on, build_context.as_of) as observed_on,
           stg_learner.commit_seq,
           stg_learner.source_row
    from stg_learner
    inner join agreed on agreed.learner_id = stg_learner.learner_id
    cross join build_context
    cross join (values ('birth_month'), ('sex'), ('ethnicity')) as said(attribute)
    where case said.attribute
              when 'birth_month' then agreed.is_birth_month_disputed
              when 'sex' then agreed.is_sex_disputed
              else agreed.is_ethnicity_disputed
          end
),

-- A live row is true on the day the build looks back from.
ranked_statements as (
    select
        learner_id, attribute, value,
        row_number() over (
            partition by subject_id, attribute
            order by observed_on desc nulls last, commit_seq desc nulls last, source_row desc nulls last, value asc nulls last
        ) as recency
    from statements
    where value is not null
),

votes as (
    select learner_id, attribute, value, count(*) as votes
    from ranked_statements
    where recency = 1
    group by learner_id, attribute, value
),

ranked_votes as (
    select
        learner_id, attribute, value,
        row_number() over (
            partition by learner_id, attribute
            order by votes desc nulls last, value asc nulls last
        ) as place
    from votes
),

winners as (
    select
        learner_id,
        cast(max(case when attribute = 'birth_month' then value end) as date) as birth_month,
        max(case when attribute = 'sex' then value end) as sex,
        max(case when attribute = 'ethnicity' then value end) as ethnicity
    from ranked_votes
    where place = 1
    group by learner_id
),

described as (
    select
        learners.learner_id,
        case when agreed.is_birth_month_disputed then winners.birth_month else agreed.birth_month end as birth_month,
        case when agreed.is_sex_disputed then winners.sex else agreed.sex end as sex,
        case when agreed.is_ethnicity_disputed then winners.ethnicity else agreed.ethnicity end as ethnicity
    from learners
    left join agreed on agreed.learner_id = learners.learner_id
    left join winners on winners.learner_id = learners.learner_id
),

final as (
    select learner_id, birth_month, sex, ethnicity, cohort_year(birth_month) as cohort_ay
    from described
)

select * from final
