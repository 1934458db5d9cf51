/*
title = "What is told of each subject's sessions at one school in one year, and whether it can be added up as it stands"
grain = ["subject_id", "establishment_id", "ay", "source"]
reads = ["attendance_sum", "attendance_unsettled", "attendance_going_on", "learner_link", "build_context"]
each_year_of = "lake_attendance"
[columns]
subject_id = "The subject of the source that it is told of"
learner_id = "Pseudonym of the learner"
is_plain = "One period, or each in a week of its own: then the sums here are those of the account"
is_doubted = "Whether anything that is told elsewhere, of the subject, the learner or another year, keeps it from being so"
is_told_twice = "Whether another subject of the source is the same learner at the school in the year: of plain accounts the sums are then added up"
n_periods = "Periods, each version of them"
n_periods_not_known = "Of them those whose sessions or absences are not known"
sessions_possible = "Possible sessions of the periods that are known; empty when none is"
sessions_absent = "Of them missed"
*/
-- A row is named by who it is about, the school and the first day: where all weeks of an account differ, none was told a
-- second time and none lies inside another, so that neither the latest version nor a longer period need be looked for. Every
-- other account is left to attendance_retold. A period lies in the folder of the year it begins in, so that a year knows its own
-- accounts whole; what other years tell of them is asked of attendance_unsettled and attendance_going_on.
with linked as (
    select
        attendance_sum.subject_id,
        attendance_sum.establishment_id,
        attendance_sum.ay,
        attendance_sum.source,
        attendance_sum.n_periods,
        attendance_sum.is_each_in_a_week,
        attendance_sum.weeks,
        attendance_sum.n_periods_not_known,
        attendance_sum.sessions_possible,
        attendance_sum.sessions_absent,
        attendance_sum.sessions_authorised,
        attendance_sum.sessions_unauthorised,
        attendance_sum.is_each_in_a_week and n_weeks(attendance_sum.weeks) = attendance_sum.n_periods as is_in_weeks,
        id_text(learner_link.learner_id) as learner_id,
        attendance_unsettled.subject_id is not null or attendance_sum.last_starts_on > build_context.as_of as is_told_otherwise
    from attendance_sum
    cross join build_context
    inner join learner_link on learner_link.subject_id = attendance_sum.subject_id
    left join attendance_unsettled
        on attendance_unsettled.source = attendance_sum.source
       and attendance_unsettled.subject_id = attendance_sum.subject_id
    where attendance_sum.first_starts_on <= build_context.as_of
      and not attendance_sum.tombstone
),

-- Two subjects of one source may be one learner. Where all their weeks differ (a child who left and came back under another number),
-- both can be added up; where one week comes twice, or one of the two cannot be added up, neither can.
told_twice as (
    select
        learner_id,
        establishment_id,
        ay,
        source,
        bool_and(is_each_in_a_week) and n_weeks(weeks_together(weeks)) = sum(n_periods) and not bool_or(is_told_otherwise) as is_apart
    from linked
    group by learner_id, establishment_id, ay, source
    having count(*) > 1
),

judged as (
    select
        linked.*,
        linked.n_periods = 1 or linked.is_in_weeks as is_by_weeks,
        linked.is_told_otherwise
            or coalesce(not told_twice.is_apart, false)
            or attendance_going_on.learner_id is not null as is_doubted,
        told_twice.learner_id is not null as is_told_twice
    from linked
    left join told_twice
        on told_twice.learner_id = linked.learner_id
       and told_twice.establishment_id = linked.establishment_id
       and told_twice.ay = linked.ay
       and told_twice.source = linked.source
    left join attendance_going_on
        on attendance_going_on.learner_id = linked.learner_id
       and attendance_going_on.establishment_id = linked.establishment_id
       and attendance_going_on.source = linked.source
),

final as (
    select
        subject_id,
        learner_id,
        establishment_id,
        ay,
        source,
        is_by_weeks and not is_doubted as is_plain,
        is_doubted,
        is_told_twice,
        n_periods,
        n_periods_not_known,
        sessions_possible,
        sessions_absent,
        sessions_authorised,
        sessions_unauthorised
    from judged
)

select * from final
