/*
title = "Which source told of which subject, and about which term"
grain = ["subject_id", "source", "ay", "term"]
reads = ["learner_link", "build_context", "attendance_told",
         "lake_assessment", "lake_attendance", "lake_attendance_mark", "lake_attendance_return", "lake_circumstance", "lake_destination",
         "lake_ehc_step", "lake_engagement", "lake_enrolment", "lake_learner", "lake_off_roll", "lake_offer",
         "lake_participation", "lake_placement", "lake_qualification", "lake_sen", "lake_sen_need",
         "lake_suspension", "lake_transfer"]
[columns]
subject_id = "The person as one source knows them"
ay = "The academic year, by its end year, that a row is about; empty where rows have no date, or one after the day the build looks back from"
term = "autumn (September to December), spring (January to March), summer (April to August), or not_dated"
*/
-- Most rows are weeks of attendance, whose terms are added up already: of them only those are read that the sums leave out.
-- A row that was later taken back was told all the same, and linking used it: every version counts here.
with rows_told as (
    select subject_id, source, taken_on as told_on
    from lake_assessment
    union all
    select subject_id, source, period_starts_on as told_on
    from lake_attendance
    cross join build_context
    where tombstone
       or period_starts_on is null
       or period_starts_on > build_context.as_of
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
        rows_told.subject_id,
        rows_told.source,
        case when rows_told.told_on <= build_context.as_of then rows_told.told_on end as told_on
    from rows_told
    cross join build_context
),

terms_told as (
    select
        subject_id,
        source,
        academic_year(told_on) as ay,
        case when month(told_on) >= 9 then 'autumn'
             when month(told_on) <= 3 then 'spring'
             when month(told_on) <= 8 then 'summer'
             else 'not_dated'
        end as term
    from dated_rows
    union all
    select subject_id, source, ay, 'autumn' as term from attendance_told where in_autumn
    union all
    select subject_id, source, ay, 'spring' as term from attendance_told where in_spring
    union all
    select subject_id, source, ay, 'summer' as term from attendance_told where in_summer
),

each_once as (
    select distinct subject_id, source, ay, term
    from terms_told
),

final as (
    select id_text(each_once.subject_id) as subject_id, each_once.source, each_once.ay, each_once.term
    from each_once
    inner join learner_link on learner_link.subject_id = each_once.subject_id
)

select * from final
