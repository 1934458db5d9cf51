/*
title = "What provision did to attendance, as far as learners alike who were not placed can tell: three years together"
grain = ["until_ay"]
reads = ["ap_propensity", "school_year", "policy"]
purposes = ["research", "ap_commissioning"]
published = true
[columns]
until_ay = "The last of the three academic years, by its end year"
n_placed = "Learners placed, with attendance before and in provision, among whom somebody alike was not placed"
n_without_like = "Learners placed for whom there is nobody alike, or hardly anybody (chance over 0.95): not in the comparison"
n_others = "Learners not placed who are like somebody placed"
effective_n = "Squared sum of the weights of the others over the sum of squares: how many they are worth"
placed_change = "Mean change of the placed: it overstates, for a referral follows a trough"
others_change = "Mean change of the others, unweighted"
raw_difference = "placed_change - others_change"
weighted_others_change = "Mean change of the others, each weighted by chance / (1 - chance); empty unless shown"
effect_on_placed = "placed_change - weighted_others_change; empty unless shown"
imbalance = "Difference in attendance before, in standard deviations of the placed, after weighting"
effect_state = "shown; too_few below 30 placed or an effective number of 20; out_of_balance from 0.1 on; no_rule_for_year"
*/
with rules as (
    select
        ay,
        max(case when parameter = 'ap_pool_least' then value end) as pool_least,
        max(case when parameter = 'ap_pool_effective_least' then value end) as effective_least
    from policy
    group by ay
),

pooled as (
    select
        school_year.ay as until_ay,
        ap_propensity.is_placed,
        ap_propensity.chance,
        ap_propensity.before,
        ap_propensity.change,
        -- Odds of being placed, as a decimal, so that sums are exact.
        case when ap_propensity.chance <= 0.95
             then cast(round(ap_propensity.chance / (1e0 - ap_propensity.chance), 4) as decimal(9, 4)) end as odds
    from ap_propensity
    inner join school_year
        on school_year.ay >= ap_propensity.ay
       and school_year.ay <= ap_propensity.ay + 2
    inner join (select max(ay) as last_ay from ap_propensity) as lasts on lasts.last_ay >= school_year.ay
),

sums as (
    select
        until_ay,
        count(*) filter (where is_placed and odds is not null) as n_placed,
        count(*) filter (where is_placed and odds is null) as n_without_like,
        count(*) filter (where not is_placed and odds > 0) as n_others,
        sum(change) filter (where is_placed and odds is not null) as placed_total,
        sum(before) filter (where is_placed and odds is not null) as placed_before,
        sum(before * before) filter (where is_placed and odds is not null) as placed_before_squares,
        sum(change) filter (where not is_placed and odds > 0) as others_total,
        sum(odds) filter (where not is_placed and odds > 0) as weights,
        sum(odds * odds) filter (where not is_placed and odds > 0) as squared_weights,
        sum(odds * change) filter (where not is_placed and odds > 0) as weighted_change,
        sum(odds * before) filter (where not is_placed and odds > 0) as weighted_before
    from pooled
    group by until_ay
),

compared as (
    select
        *,
        case when squared_weights > 0 then round(1e0 * weights * weights / squared_weights, 4) end as effective_n,
        case when n_placed > 0 then 1e0 * placed_total / n_placed end as placed_change,
        case when n_others > 0 then 1e0 * others_total / n_others end as others_change,
        case when weights > 0 then 1e0 * weighted_change / weights end as weighted_others_change,
        case when n_placed > 1 and weights > 0 and placed_before_squares * n_placed > placed_before * placed_before
             then (1e0 * placed_before / n_placed - 1e0 * weighted_before / weights)
                  / sqrt((placed_before_squares - 1e0 * placed_before * placed_before / n_placed) / (n_placed - 1e0)) end as imbalance
    from sums
),

judged as (
    select
        compared.*,
        case when rules.pool_least is null or rules.effective_least is null then 'no_rule_for_year'
             when compared.n_placed < rules.pool_least or coalesce(compared.effective_n, 0) < rules.effective_least then 'too_few'
             when imbalance is null or abs(compared.imbalance) >= 0.1 then 'out_of_balance'
             else 'shown'
        end as effect_state
    from compared
    left join rules on rules.ay = compared.until_ay
),

final as (
    select
        until_ay,
        n_placed,
        n_without_like,
        n_others,
        cast(effective_n as decimal(18, 4)) as effective_n,
        cast(round(placed_change, 4) as decimal(9, 4)) as placed_change,
        cast(round(others_change, 4) as decimal(9, 4)) as others_change,
        cast(round(placed_change - others_change, 4) as decimal(9, 4)) as raw_difference,
        case when effect_state = 'shown' then cast(round(weighted_others_change, 4) as decimal(9, 4)) end as weighted_others_change,
        case when effect_state = 'shown' then cast(round(placed_change - weighted_others_change, 4) as decimal(9, 4)) end as effect_on_placed,
        cast(round(imbalance, 4) as decimal(9, 4)) as imbalance,
        effect_state
    from judged
)

select * from final
