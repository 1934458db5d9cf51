/*
title = "Whether the distance travelled index depends on its weights: rank correlations between its versions"
grain = ["ks4_ay"]
reads = ["index_version", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ks4_ay = "The academic year, by its end year, of Year 11"
n_learners = "Learners with two domains or more, attainment or engagement among them"
n_with_goals = "Of them those with a score for goals"
rho_attainment_heavy = "Spearman's correlation of the equal weights with half of the weight on attainment; ties share their ranks"
rho_without_goals = "The same with the version without goals"
index_state = "shown; suppressed when a correlation is below 0.8; untested with fewer than 10 learners or without any variety; no_rule_for_year"
*/
with eligible as (
    select *
    from index_version
    where n_domains >= 2
      and has_anchor
),

-- Twice the mid-rank, a whole number.
ranked as (
    select
        ks4_ay,
        has_goals,
        2 * rank() over (partition by ks4_ay order by equal asc nulls last) + count(*) over (partition by ks4_ay, equal) as by_equal,
        2 * rank() over (partition by ks4_ay order by heavy asc nulls last) + count(*) over (partition by ks4_ay, heavy) as by_heavy,
        2 * rank() over (partition by ks4_ay order by without_goals asc nulls last)
            + count(*) over (partition by ks4_ay, without_goals) as by_without
    from eligible
),

sums as (
    select
        ks4_ay,
        count(*) as n,
        count(*) filter (where has_goals) as n_with_goals,
        count(*) * sum(by_equal * by_equal) - sum(by_equal) * sum(by_equal) as of_equal,
        count(*) * sum(by_heavy * by_heavy) - sum(by_heavy) * sum(by_heavy) as of_heavy,
        count(*) * sum(by_without * by_without) - sum(by_without) * sum(by_without) as of_without,
        count(*) * sum(by_equal * by_heavy) - sum(by_equal) * sum(by_heavy) as equal_heavy,
        count(*) * sum(by_equal * by_without) - sum(by_equal) * sum(by_without) as equal_without
    from ranked
    group by ks4_ay
),

rules as (
    select ay, max(value) as least_correlation
    from policy
    where parameter = 'index_rank_correlation_least'
    group by ay
),

correlated as (
    select
        sums.ks4_ay,
        sums.n,
        sums.n_with_goals,
        case when sums.of_equal > 0 and sums.of_heavy > 0 then round(equal_heavy / sqrt(1e0 * of_equal) / sqrt(1e0 * of_heavy), 4) end as rho_heavy,
        case when sums.of_equal > 0 and sums.of_without > 0
             then round(equal_without / sqrt(1e0 * of_equal) / sqrt(1e0 * of_without), 4) end as rho_without,
        rules.least_correlation
    from sums
    left join rules on rules.ay = sums.ks4_ay
),

final as (
    select
        ks4_ay,
        n as n_learners,
        n_with_goals,
        cast(rho_heavy as decimal(9, 4)) as rho_attainment_heavy,
        cast(rho_without as decimal(9, 4)) as rho_without_goals,
        case when least_correlation is null then 'no_rule_for_year'
             when n < 10 or rho_heavy is null or rho_without is null then 'untested'
             when rho_heavy < least_correlation or rho_without < least_correlation then 'suppressed'
             else 'shown'
        end as index_state
    from correlated
)

select * from final
