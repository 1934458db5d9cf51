/*
title = "How many sustained a destination after Year 11 by the authority's own record: not the published measure"
grain = ["cohort_ay", "population", "breakdown", "category"]
reads = ["ccis_destination", "cohort_member", "cohort_outcome", "learner", "circumstance_year"]
purposes = ["research", "participation"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6"
population = "resident and attending: on the January census day of Year 11; ever_y6_here: in Year 6 here, wherever now"
breakdown = "all; sex; sen, disadvantage and setting: as in Year 11"
category = "Which one of the breakdown; not_known where nobody says"
n_members = "Members who count: not died, not left England"
n_missing = "Of them not captured: nothing is known of any month"
n_education = "In education or training all six months"
n_apprenticeship = "In an apprenticeship all six"
n_employment = "At work at least five of the six, months as an apprentice among them"
n_combination = "In one or the other all six"
n_not_sustained = "Known, and neither"
n_sustained = "The first four together"
sustained_ccis = "n_sustained / those captured"
sustained_ccis_low = "Lower end of its 95% interval"
sustained_ccis_high = "Upper end"
whole_cohort = "n_sustained / n_members: a lower bound, for not captured counts as not sustained"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end"
*/
with year_11 as (
    select learner_id, attending, resident, kind, sen, disadvantaged
    from circumstance_year
    where academic_age = 15
),

members as (
    select
        ccis_destination.cohort_ay,
        populations.population,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'sex' then coalesce(learner.sex, 'not_known')
            when 'sen' then coalesce(year_11.sen, 'not_known')
            when 'disadvantage' then
                case when year_11.disadvantaged then 'yes' when not year_11.disadvantaged then 'no' else 'not_known' end
            else coalesce(year_11.kind, 'not_known')
        end as category,
        ccis_destination.sustained_ccis
    from ccis_destination
    inner join cohort_member on cohort_member.learner_id = ccis_destination.learner_id
    inner join cohort_outcome
        on cohort_outcome.learner_id = ccis_destination.learner_id
       and cohort_outcome.in_denominator
    inner join learner on learner.learner_id = ccis_destination.learner_id
    left join year_11 on year_11.learner_id = ccis_destination.learner_id
    cross join (values ('resident'), ('attending'), ('ever_y6_here')) as populations(population)
    cross join (values ('all'), ('sex'), ('sen'), ('disadvantage'), ('setting')) as breakdowns(breakdown)
    where case populations.population
              when 'resident' then coalesce(year_11.resident, false)
              when 'attending' then coalesce(year_11.attending, false)
              else cohort_member.ever_y6_here
          end
),

counts as (
    select
        cohort_ay, population, breakdown, category,
        count(*) as n_members,
        count(*) filter (where sustained_ccis = 'not_captured') as n_missing,
        count(*) filter (where sustained_ccis = 'education') as n_education,
        count(*) filter (where sustained_ccis = 'apprenticeship') as n_apprenticeship,
        count(*) filter (where sustained_ccis = 'employment') as n_employment,
        count(*) filter (where sustained_ccis = 'combination') as n_combination,
        count(*) filter (where sustained_ccis = 'not_sustained') as n_not_sustained
    from members
    group by cohort_ay, population, breakdown, category
),

sums as (
    select
        *,
        n_education + n_apprenticeship + n_employment + n_combination as n_sustained
    from counts
),

final as (
    select
        cohort_ay,
        population,
        breakdown,
        category,
        n_members,
        n_missing,
        n_education,
        n_apprenticeship,
        n_employment,
        n_combination,
        n_not_sustained,
        n_sustained,
        share_of(n_sustained, n_members - n_missing) as sustained_ccis,
        wilson_low(n_sustained, n_members - n_missing) as sustained_ccis_low,
        wilson_high(n_sustained, n_members - n_missing) as sustained_ccis_high,
        share_of(n_sustained, n_members) as whole_cohort,
        wilson_low(n_sustained, n_members) as whole_cohort_low,
        wilson_high(n_sustained, n_members) as whole_cohort_high
    from sums
)

select * from final
