/*
title = "Changes of school of each learner in each year, and whether the school of Year 11 is that of Year 7 and Year 10"
grain = ["learner_id", "ay"]
reads = ["learner_year", "spell", "school_successor"]
materialise = "view"
[columns]
learner_id = "Pseudonym of the learner"
ay = "The academic year, by its end year"
*/
-- A change of school is a main roll at another school than the main roll before it; a conversion is none, and neither is a merger. One that
-- begins in August or September is the usual time; any other is in mid-year.
with rolls as (
    select
        learner_id,
        starts_on,
        school_id,
        lag(school_id) over (partition by learner_id order by starts_on asc nulls last) as school_before
    from spell
    where role = 'main'
      and status in ('C', 'M')
),

changes as (
    select
        rolls.learner_id,
        academic_year(rolls.starts_on) as ay,
        count(*) as n_moves,
        count(*) filter (where month(rolls.starts_on) <> 8 and month(rolls.starts_on) <> 9) as n_mid_year
    from rolls
    left join school_successor
        on school_successor.school_id = rolls.school_before
       and school_successor.successor_id = rolls.school_id
       and coalesce(school_successor.became_on <= add_days(rolls.starts_on, 31), true)
    where rolls.school_before is not null
      and rolls.school_before <> rolls.school_id
      and school_successor.school_id is null
    group by rolls.learner_id, academic_year(rolls.starts_on)
),

-- From Year 7, at academic age 11, to the year itself.
totals as (
    select
        learner_year.learner_id,
        learner_year.ay,
        sum(case when changes.ay = learner_year.ay then changes.n_moves end) as n_moves,
        sum(case when changes.ay = learner_year.ay then changes.n_mid_year end) as n_mid_year,
        sum(case when changes.ay > learner_year.ay - learner_year.academic_age + 10 then changes.n_mid_year end) as n_since_year_7
    from learner_year
    left join changes
        on changes.learner_id = learner_year.learner_id
       and changes.ay <= learner_year.ay
    group by learner_year.learner_id, learner_year.ay
),

earlier as (
    select
        learner_year.learner_id,
        learner_year.ay,
        bool_or(before.ay = learner_year.ay - 4) as is_that_of_year_7,
        bool_or(before.ay = learner_year.ay - 1) as is_that_of_year_10
    from learner_year
    inner join learner_year as before
        on before.learner_id = learner_year.learner_id
       and before.ay in (learner_year.ay - 4, learner_year.ay - 1)
       and before.on_roll
    left join school_successor
        on school_successor.school_id = before.school_id
       and school_successor.successor_id = learner_year.school_id
       and coalesce(school_successor.became_on <= third_thursday_of_january(learner_year.ay), true)
    where learner_year.academic_age = 15
      and (before.school_id = learner_year.school_id or school_successor.school_id is not null)
    group by learner_year.learner_id, learner_year.ay
),

final as (
    select
        learner_year.learner_id,
        learner_year.ay,
        cast(coalesce(totals.n_moves, 0) as integer) as moves,
        cast(coalesce(totals.n_mid_year, 0) as integer) as moves_mid_year,
        cast(case when learner_year.academic_age is not null then coalesce(totals.n_since_year_7, 0) end as integer) as moves_mid_year_since_y7,
        case when learner_year.academic_age = 15 and learner_year.on_roll
             then coalesce(earlier.is_that_of_year_7, false) end as same_school_since_y7,
        case when learner_year.academic_age = 15 and learner_year.on_roll
             then coalesce(earlier.is_that_of_year_10, false) end as same_school_since_y10
    from learner_year
    left join totals
        on totals.learner_id = learner_year.learner_id
       and totals.ay = learner_year.ay
    left join earlier
        on earlier.learner_id = learner_year.learner_id
       and earlier.ay = learner_year.ay
)

select * from final
