/*
title = "Special educational needs provision of each learner up to each year"
grain = ["learner_id", "ay"]
reads = ["learner_year", "stg_sen", "code_sen_provision"]
materialise = "view"
[columns]
learner_id = "Pseudonym of the learner"
ay = "The academic year, by its end year"
*/
-- The most that was observed in a year stands for it; a live row has no year.
with said_years as (
    select
        stg_sen.learner_id,
        academic_year(stg_sen.observed_on) as ay,
        max(case code_sen_provision.level when 'plan' then 3 when 'support' then 2 when 'none' then 1 end) as greatest
    from stg_sen
    inner join code_sen_provision
        on code_sen_provision.code = stg_sen.provision
       and (code_sen_provision.valid_from is null or code_sen_provision.valid_from <= stg_sen.observed_on)
       and (code_sen_provision.valid_to is null or code_sen_provision.valid_to > stg_sen.observed_on)
    where stg_sen.observed_on is not null
    group by stg_sen.learner_id, academic_year(stg_sen.observed_on)
),

histories as (
    select
        learner_year.learner_id,
        learner_year.ay,
        max(case when said_years.ay = learner_year.ay then said_years.greatest end) as this_year,
        max(said_years.greatest) as ever,
        count(said_years.ay) as n_observed,
        count(*) filter (where said_years.greatest >= 2) as n_sen
    from learner_year
    left join said_years
        on said_years.learner_id = learner_year.learner_id
       and said_years.ay <= learner_year.ay
    group by learner_year.learner_id, learner_year.ay
),

final as (
    select
        learner_id,
        ay,
        case this_year when 3 then 'plan' when 2 then 'support' when 1 then 'none' end as sen,
        case ever when 3 then 'plan' when 2 then 'support' when 1 then 'none' end as sen_ever,
        cast(n_observed as integer) as sen_years_observed,
        cast(n_sen as integer) as sen_years
    from histories
)

select * from final
