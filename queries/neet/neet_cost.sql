/*
title = "What the NEET of a winter may cost over their lives, as a range with its source: an order of size and no forecast"
grain = ["ay", "population", "cost"]
reads = ["neet_rate", "code_neet_cost"]
purposes = ["research", "participation"]
published = true
[columns]
ay = "The academic year, by its end year"
population = "client_record, resident or ever_y6_here, as in neet_rate"
cost = "public_finance: benefits paid and taxes not; resource: the loss to the economy and to persons. They overlap and are never added"
n_months = "Of December, January and February those held: three make a whole average"
n_cohort = "Month ends of young people in the denominator"
n_neet = "Of them NEET"
n_not_known = "Of them not known, or on no record: in no cost at the low end"
mean_neet = "n_neet / n_months: young people"
mean_neet_high = "(n_neet + n_not_known) / n_months: as many as there are if all that are not known are NEET"
unit_low = "Pounds for each person at the low end of the source"
unit_high = "Pounds for each person at its high end"
price_year = "The year of whose prices the pounds are: not raised since"
cost_low = "mean_neet x unit_low, to whole thousands of pounds"
cost_high = "mean_neet_high x unit_high, to whole thousands of pounds"
source = "Who says so"
cost_state = "told; no_rule_for_year: no average for the year"
*/
-- Never one figure: the source gives totals from low to high, and not known hides NEET.
with winters as (
    select ay, population, n_months, n_cohort, n_neet, n_not_known + n_no_record as n_not_known, rule_state
    from neet_rate
    where period = 'dec_to_feb'
      and breakdown = 'all'
),

final as (
    select
        winters.ay,
        winters.population,
        code_neet_cost.code as cost,
        winters.n_months,
        winters.n_cohort,
        winters.n_neet,
        winters.n_not_known,
        mean_count(winters.n_neet, winters.n_months) as mean_neet,
        mean_count(winters.n_neet + winters.n_not_known, winters.n_months) as mean_neet_high,
        cast(code_neet_cost.unit_low as integer) as unit_low,
        cast(code_neet_cost.unit_high as integer) as unit_high,
        cast(code_neet_cost.price_year as integer) as price_year,
        case when winters.rule_state = 'in_force'
             then cast(round(cast(winters.n_neet * cast(code_neet_cost.unit_low as bigint) as decimal(18, 4)) / (1000 * winters.n_months), 0) as bigint) * 1000
        end as cost_low,
        case when winters.rule_state = 'in_force'
             then cast(round(cast((winters.n_neet + winters.n_not_known) * cast(code_neet_cost.unit_high as bigint) as decimal(18, 4))
                             / (1000 * winters.n_months), 0) as bigint) * 1000
        end as cost_high,
        code_neet_cost.source,
        case when winters.rule_state = 'in_force' then 'told' else 'no_rule_for_year' end as cost_state
    from winters
    inner join code_neet_cost
        on (code_neet_cost.valid_from is null or code_neet_cost.valid_from <= year_ends_on(winters.ay))
       and (code_neet_cost.valid_to is null or code_neet_cost.valid_to > year_ends_on(winters.ay))
)

select * from final
