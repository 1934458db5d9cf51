/*
title = "What is told of each subject's sessions at one school in one year, and whether it can be added up as it stands"
grain = ["subject_id", "establishment_id", "ay", "source"]
reads = ["lake_attendance", "learner_link", "build_context"]
[columns]
subject_id = "The subject of the source that it is told of"
learner_id = "Pseudonym of the learner"
is_plain = "One period, or each in a week of its own: then the sums here are those of the account"
in_autumn = "Whether any begins from September to December"
in_spring = "Whether any begins from January to March"
in_summer = "Whether any begins from April to August"
n_periods = "Periods, each version of them"
n_periods_not_known = "Of them those whose sessions or absences are not known"
sessions_possible = "Possible sessions of the periods that are known; empty when none is"
sessions_absent = "Of them missed"
*/
-- Weeks are most of a lake. A row is named by who it is about, the school and the first day: where all weeks of an account
-- differ, none was told a second time and none lies inside another, so that neither the latest version nor a longer
-- period need be looked for, and one pass adds them up. Every other account is left to attendance_retold.
with periods as (
    select
        lake_attendance.subject_id,
        lake_attendance.establishment_id,
        academic_year(lake_attendance.period_starts_on) as ay,
        lake_attendance.source,
        lake_attendance.period_starts_on as starts_on,
        coalesce(lake_attendance.period_ends_on, lake_attendance.period_starts_on) as ends_on,
        lake_attendance.sessions_possible,
        lake_attendance.sessions_authorised,
        lake_attendance.sessions_unauthorised,
        coalesce(lake_attendance.sessions_authorised + lake_attendance.sessions_unauthorised,
                 lake_attendance.sessions_possible - lake_attendance.sessions_attended) as sessions_absent
    from lake_attendance
    cross join build_context
    where lake_attendance.period_starts_on <= build_context.as_of
      and not lake_attendance.tombstone
),

accounts as (
    select
        subject_id,
        establishment_id,
        ay,
        source,
        count(*) = 1 or weeks_of_their_own(starts_on, ends_on) as is_in_weeks,
        max(ends_on) as ends_on,
        bool_or(month(starts_on) >= 9) as in_autumn,
        bool_or(month(starts_on) <= 3) as in_spring,
        bool_or(month(starts_on) between 4 and 8) as in_summer,
        count(*) as n_periods,
        count(*) filter (where sessions_possible is null or sessions_absent is null) as n_periods_not_known,
        sum(sessions_possible) filter (where sessions_absent is not null) as sessions_possible,
        sum(sessions_absent) filter (where sessions_possible is not null) as sessions_absent,
        sum(sessions_authorised) filter (where sessions_possible is not null and sessions_authorised is not null
                                           and sessions_unauthorised is not null) as sessions_authorised,
        sum(sessions_unauthorised) filter (where sessions_possible is not null and sessions_authorised is not null
                                             and sessions_unauthorised is not null) as sessions_unauthorised
    from periods
    group by subject_id, establishment_id, ay, source
),

-- Whose rows were taken back (which of them, a removal does not say), or had no place for a time: once a restriction is lifted
-- the same row stands under its school again, a later version of the one without.
told_otherwise as (
    select distinct source, subject_id
    from lake_attendance
    where tombstone
       or establishment_id = 'withheld'
),

-- Two subjects of one source may be one learner, whose weeks then come twice; and a period that goes on into the next year
-- may hold weeks of it.
learner_accounts as (
    select
        accounts.*,
        learner_link.learner_id,
        told_otherwise.subject_id is not null as is_told_otherwise,
        count(*) over (
            partition by learner_link.learner_id, accounts.establishment_id, accounts.ay, accounts.source
        ) as n_subjects,
        bool_or(accounts.ends_on > year_ends_on(accounts.ay)) over (
            partition by learner_link.learner_id, accounts.establishment_id, accounts.source
        ) as goes_on
    from accounts
    inner join learner_link on learner_link.subject_id = accounts.subject_id
    left join told_otherwise
        on told_otherwise.source = accounts.source
       and told_otherwise.subject_id = accounts.subject_id
),

final as (
    select
        subject_id,
        id_text(learner_id) as learner_id,
        establishment_id,
        ay,
        source,
        is_in_weeks and n_subjects = 1 and not goes_on and not is_told_otherwise as is_plain,
        in_autumn,
        in_spring,
        in_summer,
        cast(n_periods as integer) as n_periods,
        cast(n_periods_not_known as integer) as n_periods_not_known,
        cast(sessions_possible as integer) as sessions_possible,
        cast(sessions_absent as integer) as sessions_absent,
        cast(sessions_authorised as integer) as sessions_authorised,
        cast(sessions_unauthorised as integer) as sessions_unauthorised
    from learner_accounts
)

select * from final
