/*
title = "Which source told of which subject, and about which year and terms"
grain = ["subject_id", "source", "ay"]
reads = ["learner_link", "build_context", "attendance_term",
         "lake_assessment", "lake_attendance_mark", "lake_attendance_return", "lake_circumstance", "lake_destination",
         "lake_ehc_step", "lake_engagement", "lake_enrolment", "lake_goal", "lake_learner", "lake_off_roll", "lake_offer",
         "lake_participation", "lake_placement", "lake_qualification", "lake_sen", "lake_sen_need",
         "lake_suspension", "lake_transfer"]
[columns]
subject_id = "The person as one source knows them"
ay = "The academic year, by its end year, that a row is about; empty where rows have no date, or one after the day the build looks back from"
in_autumn = "Whether any row is about September to December"
in_spring = "Whether any is about January to March"
in_summer = "Whether any is about April to August"
*/
-- Most rows are weeks of attendance, whose terms are known already.
-- A row that was later taken back was told all the same, and linking used it: every version counts here.
-- Reviews of risk serve participation alone, and so would every table of linkage that read them: who was reviewed is told by the row
-- that says who they are, without a year.
with rows_told as (
    select subject_id, source, taken_on as told_on
    from lake_assessment
    union all
    select subject_id, source, observed_on as told_on
    from lake_attendance_mark
    union all
    select subject_id, source, observed_on as told_on
    from lake_attendance_return
    union all
    select subject_id, source, observed_on as told_on
    from lake_circumstance
    union all
    select subject_id, source, starts_on as told_on
    from lake_destination
    union all
    select subject_id, source, occurred_on as told_on
    from lake_ehc_step
    union all
    select subject_id, source, starts_on as told_on
    from lake_engagement
    union all
    select subject_id, source, starts_on as told_on
    from lake_enrolment
    union all
    select subject_id, source, taken_on as told_on
    from lake_goal
    union all
    select subject_id, source, observed_on as told_on
    from lake_learner
    union all
    select subject_id, source, starts_on as told_on
    from lake_off_roll
    union all
    select subject_id, source, for_year_from as told_on
    from lake_offer
    union all
    select subject_id, source, observed_on as told_on
    from lake_participation
    union all
    select subject_id, source, starts_on as told_on
    from lake_placement
    union all
    select subject_id, source, awarded_on as told_on
    from lake_qualification
    union all
    select subject_id, source, observed_on as told_on
    from lake_sen
    union all
    select subject_id, source, observed_on as told_on
    from lake_sen_need
    union all
    select subject_id, source, starts_on as told_on
    from lake_suspension
    union all
    select subject_id, source, sent_on as told_on
    from lake_transfer
),

-- Who was told of has no date: a row from after the day the build looks back from still tells of somebody, and its date
-- is not read.
dated_rows as (
    select
        id_text(rows_told.subject_id) as subject_id,
        rows_told.source,
        case when rows_told.told_on <= build_context.as_of then rows_told.told_on end as told_on
    from rows_told
    cross join build_context
),

years_told as (
    select
        subject_id,
        source,
        academic_year(told_on) as ay,
        coalesce(month(told_on) >= 9, false) as in_autumn,
        coalesce(month(told_on) <= 3, false) as in_spring,
        coalesce(month(told_on) between 4 and 8, false) as in_summer
    from dated_rows
    union all
    select id_text(subject_id) as subject_id, source, ay, in_autumn, in_spring, in_summer
    from attendance_term
),

each_year_once as (
    select
        subject_id,
        source,
        ay,
        bool_or(in_autumn) as in_autumn,
        bool_or(in_spring) as in_spring,
        bool_or(in_summer) as in_summer
    from years_told
    group by subject_id, source, ay
),

final as (
    select each_year_once.*
    from each_year_once
    inner join learner_link on id_text(learner_link.subject_id) = each_year_once.subject_id
)

select * from final
