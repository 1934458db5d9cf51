/*
title = "September Guarantee: how many of Year 11 and Year 12 had the offer of a place, by area, year and group"
grain = ["ay", "population", "year_group", "breakdown", "category"]
reads = ["september_guarantee", "learner", "circumstance_year"]
purposes = ["research", "participation"]
published = true
[columns]
ay = "The academic year, by its end year, after which the place is for"
population = "resident: living here on 30 September; attending: at an establishment here in January; ever_y6_here: in Year 6 here, wherever now"
year_group = "11 or 12"
breakdown = "all; sex; sen, disadvantage and setting: as in that year"
category = "Which one of the breakdown; not_known where nobody says"
n_members = "Learners of the group: the denominator of whole_cohort"
n_offer_made = "Of them with the offer of a place"
n_not_appropriate = "Of them for whom it was recorded that an offer was not appropriate"
n_no_offer = "Of them for whom it was recorded that none was made"
n_missing = "Of them of whom nothing was recorded"
n_not_held = "Of them of whom nothing was recorded because no source tells of offers to their year group for that September: then no rate is told"
observed = "n_offer_made / those of whom something was recorded; empty where no source tells of the year group"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end"
whole_cohort = "n_offer_made / n_members, as published: nothing recorded counts as no offer; empty where no source tells of the year group"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end"
*/
with members as (
    select
        september_guarantee.ay,
        populations.population,
        september_guarantee.year_group,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'sex' then coalesce(learner.sex, 'not_known')
            when 'sen' then coalesce(circumstance_year.sen, 'not_known')
            when 'disadvantage' then
                case when circumstance_year.disadvantaged then 'yes' when not circumstance_year.disadvantaged then 'no' else 'not_known' end
            else coalesce(circumstance_year.kind, 'not_known')
        end as category,
        september_guarantee.is_held,
        september_guarantee.guarantee_state
    from september_guarantee
    inner join learner on learner.learner_id = september_guarantee.learner_id
    left join circumstance_year
        on circumstance_year.learner_id = september_guarantee.learner_id
       and circumstance_year.ay = september_guarantee.ay
    cross join (values ('resident'), ('attending'), ('ever_y6_here')) as populations(population)
    cross join (values ('all'), ('sex'), ('sen'), ('disadvantage'), ('setting')) as breakdowns(breakdown)
    where september_guarantee.is_due
      and case populations.population
              when 'resident' then september_guarantee.resident
              when 'attending' then september_guarantee.attending
              else september_guarantee.ever_y6_here
          end
),

counts as (
    select
        ay, population, year_group, breakdown, category,
        bool_and(is_held) as is_held,
        count(*) as n_members,
        count(*) filter (where guarantee_state = 'offer_made') as n_offer_made,
        count(*) filter (where guarantee_state = 'not_appropriate') as n_not_appropriate,
        count(*) filter (where guarantee_state = 'no_offer') as n_no_offer,
        count(*) filter (where guarantee_state = 'not_recorded') as n_missing,
        count(*) filter (where guarantee_state = 'not_held') as n_not_held
    from members
    group by ay, population, year_group, breakdown, category
),

final as (
    select
        ay,
        population,
        year_group,
        breakdown,
        category,
        n_members,
        n_offer_made,
        n_not_appropriate,
        n_no_offer,
        n_missing,
        n_not_held,
        case when is_held then share_of(n_offer_made, n_members - n_missing) end as observed,
        case when is_held then wilson_low(n_offer_made, n_members - n_missing) end as observed_low,
        case when is_held then wilson_high(n_offer_made, n_members - n_missing) end as observed_high,
        case when is_held then share_of(n_offer_made, n_members) end as whole_cohort,
        case when is_held then wilson_low(n_offer_made, n_members) end as whole_cohort_low,
        case when is_held then wilson_high(n_offer_made, n_members) end as whole_cohort_high
    from counts
)

select * from final
