/*
title = "How many pupils of each school are disadvantaged in January: what segregation is worked out from"
grain = ["ay", "phase", "measure", "school_id"]
reads = ["learner_year", "circumstance_year", "school"]
[columns]
ay = "The academic year, by its end year"
phase = "primary to academic age 10, secondary to 15"
measure = "ever6_legacy, the one for trends, or fsm"
school_id = "The school, through conversions: before a merger each of those that merged"
la_code = "Its authority"
n_pupils = "Pupils on a main roll of whom it is known"
n_disadvantaged = "Of them disadvantaged"
n_missing = "Pupils of whom it is not known"
*/
-- Mainstream state schools: a unit or a special school holds its pupils by need and not by where families choose to live.
with pupils as (
    select
        learner_year.ay,
        case when learner_year.academic_age <= 10 then 'primary' else 'secondary' end as phase,
        measures.measure,
        learner_year.school_id,
        school.la_code,
        case measures.measure when 'fsm' then circumstance_year.fsm else circumstance_year.ever6_legacy end as is_disadvantaged
    from learner_year
    inner join circumstance_year
        on circumstance_year.learner_id = learner_year.learner_id
       and circumstance_year.ay = learner_year.ay
    inner join school on school.establishment_id = learner_year.establishment_id
    cross join (values ('fsm'), ('ever6_legacy')) as measures(measure)
    where learner_year.on_roll
      and learner_year.kind in ('mainstream', 'resourced_unit')
      and learner_year.academic_age <= 15
      and school.la_code is not null
),

final as (
    select
        ay,
        phase,
        measure,
        school_id,
        min(la_code) as la_code,
        count(is_disadvantaged) as n_pupils,
        count(*) filter (where is_disadvantaged) as n_disadvantaged,
        count(*) filter (where is_disadvantaged is null) as n_missing
    from pupils
    group by ay, phase, measure, school_id
)

select * from final
