/*
title = "What each source says of a learner's sessions at one school in one year"
grain = ["learner_id", "establishment_id", "ay", "source", "account"]
reads = ["attendance_told", "attendance_retold", "stg_attendance_return"]
[columns]
learner_id = "Pseudonym of the learner"
account = "register: periods of a school's own register; return: sessions returned with a census"
n_periods = "Periods that count"
n_periods_not_known = "Of them those whose sessions or absences are not known"
sessions_possible = "Possible sessions of the periods that are known; empty when none is"
sessions_absent = "Of them missed"
*/
-- Absences are what a source calls so. A source that only counts who came leaves the others absent.
with register_periods as (
    select
        learner_id,
        establishment_id,
        academic_year(period_starts_on) as ay,
        source,
        'register' as account,
        period_starts_on as starts_on,
        coalesce(period_ends_on, period_starts_on) as ends_on,
        sessions_possible,
        sessions_authorised,
        sessions_unauthorised,
        coalesce(sessions_authorised + sessions_unauthorised, sessions_possible - sessions_attended) as sessions_absent,
        row_key
    from attendance_retold
),

-- The autumn census asks for the summer before it, the others for the term before them within their own year.
return_years as (
    select
        *,
        cast(academic_year(observed_on) - case when month(observed_on) >= 9 then 1 else 0 end as smallint) as ay
    from stg_attendance_return
),

return_periods as (
    select
        learner_id,
        establishment_id,
        ay,
        source,
        'return' as account,
        case when span = 'year' then year_starts_on(ay)
             when span = 'summer_half_term_2' then year_ends_on(ay)
             when month(observed_on) >= 9 then add_days(year_ends_on(ay), -1)
             else observed_on
        end as starts_on,
        case when span = 'year' or span = 'summer_half_term_2' then year_ends_on(ay)
             when month(observed_on) >= 9 then add_days(year_ends_on(ay), -1)
             else observed_on
        end as ends_on,
        sessions_possible,
        sessions_authorised,
        sessions_unauthorised,
        sessions_authorised + sessions_unauthorised as sessions_absent,
        row_key
    from return_years
),

periods as (
    select * from register_periods
    union all
    select * from return_periods
),

-- A period that lies inside one already counted (a week within a year, a second entry of the same child) counts once.
placed_periods as (
    select
        *,
        max(ends_on) over (
            partition by learner_id, establishment_id, ay, source, account
            order by starts_on asc nulls last, ends_on desc nulls last, sessions_possible desc nulls last,
                     sessions_absent desc nulls last, sessions_authorised desc nulls last, row_key asc nulls last
            rows between unbounded preceding and 1 preceding
        ) as greatest_end_so_far
    from periods
),

counted_periods as (
    select
        *,
        sessions_possible is not null and sessions_absent is not null as is_known
    from placed_periods
    where greatest_end_so_far is null
       or ends_on > greatest_end_so_far
),

ordered_accounts as (
    select
        learner_id,
        establishment_id,
        ay,
        source,
        account,
        cast(count(*) as integer) as n_periods,
        cast(count(*) filter (where not is_known) as integer) as n_periods_not_known,
        cast(sum(sessions_possible) filter (where is_known) as integer) as sessions_possible,
        cast(sum(sessions_absent) filter (where is_known) as integer) as sessions_absent,
        cast(sum(sessions_authorised) filter (where is_known and sessions_authorised is not null
                                                and sessions_unauthorised is not null) as integer) as sessions_authorised,
        cast(sum(sessions_unauthorised) filter (where is_known and sessions_authorised is not null
                                                  and sessions_unauthorised is not null) as integer) as sessions_unauthorised
    from counted_periods
    group by learner_id, establishment_id, ay, source, account
),

final as (
    select * from ordered_accounts
    union all
    select
        learner_id,
        establishment_id,
        ay,
        source,
        'register' as account,
        n_periods,
        n_periods_not_known,
        sessions_possible,
        sessions_absent,
        sessions_authorised,
        sessions_unauthorised
    from attendance_told
    where is_plain
      and not is_told_twice
    union all
    select
        learner_id,
        establishment_id,
        ay,
        source,
        'register' as account,
        cast(sum(n_periods) as integer) as n_periods,
        cast(sum(n_periods_not_known) as integer) as n_periods_not_known,
        cast(sum(sessions_possible) as integer) as sessions_possible,
        cast(sum(sessions_absent) as integer) as sessions_absent,
        cast(sum(sessions_authorised) as integer) as sessions_authorised,
        cast(sum(sessions_unauthorised) as integer) as sessions_unauthorised
    from attendance_told
    where is_plain
      and is_told_twice
    group by learner_id, establishment_id, ay, source
)

select * from final
