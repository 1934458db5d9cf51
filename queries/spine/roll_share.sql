/*
title = "How much of Years 7 to 11 each learner was on the roll of each school: results may be shared out by it"
grain = ["learner_id", "school_id"]
reads = ["cohort_member", "spell", "school_year", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters; of cohorts whose Year 11 is over"
school_id = "The school, through conversions: a merger makes another; none for terms on no main roll: at home, missing, abroad, or nobody knows"
ks4_ay = "The academic year, by its end year, of Year 11"
n_terms = "Of the fifteen terms of Years 7 to 11 those on whose census day the learner was on its main roll, single or main of two"
weight = "n_terms / 15: a learner's weights add up to 1"
is_at_ks4 = "Whether this is where tables count the learner: the main roll of the January census of Year 11; of none, that they count the learner nowhere"
*/
-- Tables give a result to the school of one January day, and who left before vanishes from its figures. By weight each school has the part
-- that it taught. Census days are October, January and May.
with census_days as (
    select
        cohort_member.learner_id,
        cast(cohort_member.cohort_ay + 5 as smallint) as ks4_ay,
        terms.term,
        school_year.ay,
        case terms.term when 1 then school_year.autumn_census_on when 2 then school_year.january_census_on else school_year.summer_census_on end as day
    from cohort_member
    cross join build_context
    inner join school_year
        on school_year.ay > cohort_member.cohort_ay
       and school_year.ay <= cohort_member.cohort_ay + 5
    cross join (values (1), (2), (3)) as terms(term)
    where year_ends_on(cohort_member.cohort_ay + 5) <= build_context.as_of
),

-- A learner has one main spell on a day.
placed as (
    select
        census_days.learner_id,
        census_days.ks4_ay,
        coalesce(spell.school_id, 'none') as school_id,
        census_days.term = 2 and census_days.ay = census_days.ks4_ay as is_january_11
    from census_days
    left join spell
        on spell.learner_id = census_days.learner_id
       and spell.role = 'main'
       and spell.status in ('C', 'M')
       and spell.starts_on <= census_days.day
       and spell.ends_on >= census_days.day
),

final as (
    select
        learner_id,
        school_id,
        ks4_ay,
        cast(count(*) as integer) as n_terms,
        share_of(count(*), 15) as weight,
        bool_or(is_january_11) as is_at_ks4
    from placed
    group by learner_id, school_id, ks4_ay
)

select * from final
