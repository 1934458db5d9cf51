/*
title = "What each member did in the first two terms after Year 11 by the authority's own record, and whether it was sustained"
grain = ["learner_id"]
reads = ["cohort_member", "stg_destination", "code_nccis_activity", "build_context"]
purposes = ["research", "participation"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
cohort_ay = "The academic year, by its end year, of Year 6"
months_education = "Month ends from October to March in education or training"
months_apprenticeship = "Of the six in an apprenticeship"
months_employment = "Of the six at work"
months_neet = "Of the six not in education, employment or training"
months_other = "Of the six in custody, on a gap year or otherwise neither"
months_not_known = "Of the six of which nothing is known"
sustained_ccis = "apprenticeship, education, employment or combination: sustained; not_sustained; not_captured: nothing is known of any month"
is_sustained = "Whether it was; empty when not captured"
*/
-- The published measure joins registers of colleges and tax records; this one knows the authority's record alone, and
-- is therefore called otherwise.
with due_months as (
    select
        cohort_member.learner_id,
        month_ends_on(date_of(cohort_member.cohort_ay + 6 - months.years_back, months.month_no, 1)) as month_on
    from cohort_member
    cross join build_context
    cross join (values (10, 1), (11, 1), (12, 1), (1, 0), (2, 0), (3, 0)) as months(month_no, years_back)
    where date_of(cohort_member.cohort_ay + 6, 3, 31) <= build_context.as_of
),

-- Of several in force the latest to start is the one: which of two goes before is the same in every month.
ordered as (
    select
        learner_id,
        starts_on,
        ends_on,
        activity,
        row_number() over (
            partition by learner_id
            order by starts_on desc nulls last, activity asc nulls last, ends_on desc nulls first
        ) as place
    from stg_destination
),

in_force as (
    select due_months.learner_id, due_months.month_on, min(ordered.place) as place
    from due_months
    left join ordered
        on ordered.learner_id = due_months.learner_id
       and ordered.starts_on <= due_months.month_on
       and (ordered.ends_on is null or ordered.ends_on >= due_months.month_on)
    group by due_months.learner_id, due_months.month_on
),

month_strands as (
    select
        in_force.learner_id,
        case when code_nccis_activity.strand <> 'none' then code_nccis_activity.strand
             when code_nccis_activity.status_group = 'neet' then 'neet'
             when coalesce(code_nccis_activity.status_group, 'not_known') = 'not_known' then 'not_known'
             else 'other'
        end as strand
    from in_force
    left join ordered
        on ordered.learner_id = in_force.learner_id
       and ordered.place = in_force.place
    left join code_nccis_activity
        on code_nccis_activity.code = ordered.activity
       and (code_nccis_activity.valid_from is null or code_nccis_activity.valid_from <= ordered.starts_on)
       and (code_nccis_activity.valid_to is null or code_nccis_activity.valid_to > ordered.starts_on)
),

counts as (
    select
        learner_id,
        cast(count(*) filter (where strand = 'education') as integer) as months_education,
        cast(count(*) filter (where strand = 'apprenticeship') as integer) as months_apprenticeship,
        cast(count(*) filter (where strand = 'employment') as integer) as months_employment,
        cast(count(*) filter (where strand = 'neet') as integer) as months_neet,
        cast(count(*) filter (where strand = 'other') as integer) as months_other,
        cast(count(*) filter (where strand = 'not_known') as integer) as months_not_known
    from month_strands
    group by learner_id
),

typed as (
    select
        *,
        case when months_apprenticeship = 6 then 'apprenticeship'
             when months_education = 6 then 'education'
             when months_employment + months_apprenticeship >= 5 then 'employment'
             when months_education + months_employment + months_apprenticeship = 6 then 'combination'
             when months_not_known < 6 then 'not_sustained'
             else 'not_captured'
        end as sustained_ccis
    from counts
),

final as (
    select
        typed.learner_id,
        cohort_member.cohort_ay,
        typed.months_education,
        typed.months_apprenticeship,
        typed.months_employment,
        typed.months_neet,
        typed.months_other,
        typed.months_not_known,
        typed.sustained_ccis,
        case when typed.sustained_ccis <> 'not_captured' then typed.sustained_ccis <> 'not_sustained' end as is_sustained
    from typed
    inner join cohort_member on cohort_member.learner_id = typed.learner_id
)

select * from final
