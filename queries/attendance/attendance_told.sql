/*
title = "What is told of each subject's sessions at one school in one year, and whether it can be added up as it stands"
grain = ["subject_id", "establishment_id", "ay", "source"]
reads = ["attendance_sum", "learner_link", "build_context"]
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
-- other account is left to attendance_retold.
with accounts as (
    select
        attendance_sum.subject_id,
        attendance_sum.establishment_id,
        attendance_sum.ay,
        attendance_sum.source,
        count(*) as n_sums,
        max(attendance_sum.last_starts_on) as last_starts_on,
        max(attendance_sum.last_ends_on) as last_ends_on,
        sum(attendance_sum.n_periods) as n_periods,
        bool_and(attendance_sum.is_each_in_a_week) as is_each_in_a_week,
        weeks_together(attendance_sum.weeks) as weeks,
        sum(attendance_sum.n_periods_not_known) as n_periods_not_known,
        sum(attendance_sum.sessions_possible) as sessions_possible,
        sum(attendance_sum.sessions_absent) as sessions_absent,
        sum(attendance_sum.sessions_authorised) as sessions_authorised,
        sum(attendance_sum.sessions_unauthorised) as sessions_unauthorised
    from attendance_sum
    cross join build_context
    where attendance_sum.first_starts_on <= build_context.as_of
      and not attendance_sum.tombstone
    group by attendance_sum.subject_id, attendance_sum.establishment_id, attendance_sum.ay, attendance_sum.source
),

-- Whose rows were taken back (which of them, a removal does not say), or had no place for a time: once a restriction is lifted
-- the same row stands under its school again, a later version of the one without.
told_otherwise as (
    select distinct source, subject_id
    from attendance_sum
    where tombstone
       or establishment_id = 'withheld'
),

linked as (
    select
        accounts.*,
        accounts.is_each_in_a_week and n_weeks(accounts.weeks) = accounts.n_periods as is_in_weeks,
        learner_link.learner_id,
        told_otherwise.subject_id is not null or accounts.last_starts_on > build_context.as_of as is_told_otherwise
    from accounts
    cross join build_context
    inner join learner_link on learner_link.subject_id = accounts.subject_id
    left join told_otherwise
        on told_otherwise.source = accounts.source
       and told_otherwise.subject_id = accounts.subject_id
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

-- A period that goes on into the next year may hold weeks of it.
going_on as (
    select distinct learner_id, establishment_id, source
    from linked
    where last_ends_on > year_ends_on(ay)
),

judged as (
    select
        linked.*,
        linked.n_periods = 1 or linked.is_in_weeks as is_by_weeks,
        (linked.n_sums > 1 and linked.n_periods > 1 and not linked.is_in_weeks)
            or linked.is_told_otherwise
            or coalesce(not told_twice.is_apart, false)
            or going_on.learner_id is not null as is_doubted,
        told_twice.learner_id is not null as is_told_twice
    from linked
    left join told_twice
        on told_twice.learner_id = linked.learner_id
       and told_twice.establishment_id = linked.establishment_id
       and told_twice.ay = linked.ay
       and told_twice.source = linked.source
    left join going_on
        on going_on.learner_id = linked.learner_id
       and going_on.establishment_id = linked.establishment_id
       and going_on.source = linked.source
),

final as (
    select
        subject_id,
        id_text(learner_id) as learner_id,
        establishment_id,
        ay,
        source,
        is_by_weeks and not is_doubted as is_plain,
        is_doubted,
        is_told_twice,
        cast(n_periods as integer) as n_periods,
        cast(n_periods_not_known as integer) as n_periods_not_known,
        cast(sessions_possible as integer) as sessions_possible,
        cast(sessions_absent as integer) as sessions_absent,
        cast(sessions_authorised as integer) as sessions_authorised,
        cast(sessions_unauthorised as integer) as sessions_unauthorised
    from judged
)

select * from final
