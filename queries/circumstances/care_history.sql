/*
title = "Care, social work and first language of each learner up to each year"
grain = ["learner_id", "ay"]
reads = ["learner_year", "stg_circumstance", "school_year", "build_context"]
materialise = "view"
[columns]
learner_id = "Pseudonym of the learner"
ay = "The academic year, by its end year"
*/
-- What a dated row says of a year: a spell of every year that it touches, any other of the year of its day. A live row
-- says nothing of a year, except of the first language, which has no date.
with dated as (
    select
        learner_id,
        kind,
        value,
        coalesce(starts_on, observed_on) as starts_on,
        coalesce(ends_on, observed_on, case when starts_on is not null then build_context.as_of end) as ends_on
    from stg_circumstance
    cross join build_context
    where kind in ('cla', 'previously_cla', 'cin', 'cp')
      and value in ('Y', 'N')
      and coalesce(starts_on, observed_on) is not null
),

said_years as (
    select
        dated.learner_id,
        school_year.ay,
        max(case when dated.kind = 'cla' and dated.value = 'Y' then 2 when dated.kind = 'cla' then 1 end) as cla,
        max(case when dated.kind = 'previously_cla' and dated.value = 'Y' then 2 when dated.kind = 'previously_cla' then 1 end) as left_care,
        max(case when dated.kind in ('cin', 'cp') and dated.value = 'Y' then 2 when dated.kind in ('cin', 'cp') then 1 end) as in_need
    from dated
    inner join school_year
        on school_year.starts_on <= dated.ends_on
       and school_year.ends_on >= dated.starts_on
    group by dated.learner_id, school_year.ay
),

languages as (
    select
        learner_id,
        count(*) filter (where value = 'Y') as n_yes,
        count(*) filter (where value = 'N') as n_no
    from stg_circumstance
    where kind = 'eal'
    group by learner_id
),

histories as (
    select
        learner_year.learner_id,
        learner_year.ay,
        max(case when said_years.ay = learner_year.ay then said_years.cla end) as cla,
        max(said_years.cla) as cla_ever,
        max(said_years.left_care) as left_care,
        max(said_years.in_need) as in_need_ever
    from learner_year
    left join said_years
        on said_years.learner_id = learner_year.learner_id
       and said_years.ay <= learner_year.ay
    group by learner_year.learner_id, learner_year.ay
),

final as (
    select
        histories.learner_id,
        histories.ay,
        histories.cla = 2 as cla,
        histories.cla_ever = 2 as cla_ever,
        histories.left_care = 2 as left_care,
        histories.in_need_ever = 2 as in_need_ever,
        case when languages.n_yes > 0 then true when languages.n_no > 0 then false end as eal
    from histories
    left join languages on languages.learner_id = histories.learner_id
)

select * from final
