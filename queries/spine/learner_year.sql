/*
title = "Each learner in each school year: where they were and lived on the January census day"
grain = ["learner_id", "ay"]
reads = ["learner", "spell", "area_spell", "school_year", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
ay = "The academic year, by its end year"
academic_age = "Age on 31 August at the start of the year; empty without a birth month"
on_roll = "On a main roll (single, or main of two) on the January census day"
establishment_id = "Establishment of the main spell on that day; empty at home, missing or not known"
school_id = "The school of that establishment, through conversions: before a merger the one of those that merged"
kind = "Kind of establishment of that day; not_known in a gap, or where no spell covers the day"
setting = "The same, with ehe and cme told apart from each other"
attending = "Whether that establishment is here"
resident = "Living here on that day"
*/
-- A year is listed when any spell touches it, a gap too: whom nobody knows anything of is still somebody.
with years_of_learner as (
    select distinct spell.learner_id, school_year.ay, school_year.january_census_on
    from spell
    inner join school_year
        on school_year.starts_on <= spell.ends_on
       and school_year.ends_on >= spell.starts_on
),

places as (
    select
        years_of_learner.learner_id,
        years_of_learner.ay,
        spell.establishment_id,
        spell.school_id,
        spell.kind,
        spell.legal_basis,
        spell.status,
        spell.la_code
    from years_of_learner
    inner join spell
        on spell.learner_id = years_of_learner.learner_id
       and spell.starts_on <= years_of_learner.january_census_on
       and spell.ends_on >= years_of_learner.january_census_on
    where spell.role = 'main'
),

homes as (
    select years_of_learner.learner_id, years_of_learner.ay, area_spell.home_la
    from years_of_learner
    inner join area_spell
        on area_spell.learner_id = years_of_learner.learner_id
       and area_spell.starts_on <= years_of_learner.january_census_on
       and area_spell.ends_on >= years_of_learner.january_census_on
),

final as (
    select
        years_of_learner.learner_id,
        years_of_learner.ay,
        cast(10 + years_of_learner.ay - learner.cohort_ay as integer) as academic_age,
        coalesce(places.status in ('C', 'M'), false) as on_roll,
        places.establishment_id,
        places.school_id,
        coalesce(places.kind, 'not_known') as kind,
        case places.legal_basis when 'ehe_full' then 'ehe' when 'cme' then 'cme' else coalesce(places.kind, 'not_known') end as setting,
        coalesce(places.la_code = build_context.home_authority, false) as attending,
        coalesce(homes.home_la = build_context.home_authority, false) as resident
    from years_of_learner
    cross join build_context
    inner join learner on learner.learner_id = years_of_learner.learner_id
    left join places
        on places.learner_id = years_of_learner.learner_id
       and places.ay = years_of_learner.ay
    left join homes
        on homes.learner_id = years_of_learner.learner_id
       and homes.ay = years_of_learner.ay
)

select * from final
