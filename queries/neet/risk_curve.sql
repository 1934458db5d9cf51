/*
title = "If everybody with so many points or more were flagged: how many of them became NEET, and how many of the NEET were among them"
grain = ["pack", "cohort_ay", "outcome", "basis", "flag_from"]
reads = ["risk_tested", "policy"]
purposes = ["participation"]
published = true
[columns]
pack = "The list of rules: code_risk_pack"
cohort_ay = "The academic year, by its end year, of Year 6"
outcome = "neet: who was not known is left out; neet_or_not_known: they are with the NEET"
basis = "low: what is not known does not hold; high: it does"
flag_from = "The least points that are flagged"
n_scored = "Learners with a score and an outcome"
n_missing = "Learners with a score who were not known, in custody or not followed: in no figure here"
n_positive = "Of them with the outcome"
n_flagged = "Of them flagged"
n_true = "Both"
precision = "n_true / n_flagged: of those flagged, how many it came about for"
precision_low = "Lower end of its 95% interval"
precision_high = "Upper end"
recall = "n_true / n_positive: of those it came about for, how many were flagged"
recall_low = "Lower end of its 95% interval"
recall_high = "Upper end"
specificity = "Of those it did not come about for (n_scored - n_positive), how many were not flagged"
specificity_low = "Lower end of its 95% interval"
specificity_high = "Upper end"
lift = "precision / share of the outcome among all"
accuracy = "Flagged and true, or neither, of n_scored"
accuracy_low = "Lower end of its 95% interval"
accuracy_high = "Upper end"
precision_at_base = "Precision where as many as in the country are NEET (policy neet_national_percent of the winter): with a rare outcome most flags are false"
*/
-- Population: everybody to whom this list of rules told a risk on that day, as risk_score has them.
-- Lift and precision_at_base are sums over the shares before them and have no interval of their own.
with points as (
    select
        pack, cohort_ay, outcome, basis, points,
        count(*) as n,
        count(*) filter (where is_positive) as n_positive
    from risk_tested
    where is_positive is not null
    group by pack, cohort_ay, outcome, basis, points
),

missing as (
    select pack, cohort_ay, outcome, basis, count(*) - count(is_positive) as n_missing
    from risk_tested
    group by pack, cohort_ay, outcome, basis
),

curve as (
    select
        *,
        sum(n) over (
            partition by pack, cohort_ay, outcome, basis
            order by points desc nulls last
            rows between unbounded preceding and current row
        ) as n_flagged,
        sum(n_positive) over (
            partition by pack, cohort_ay, outcome, basis
            order by points desc nulls last
            rows between unbounded preceding and current row
        ) as n_true,
        sum(n) over (partition by pack, cohort_ay, outcome, basis) as n_scored,
        sum(n_positive) over (partition by pack, cohort_ay, outcome, basis) as n_all_positive
    from points
),

bases as (
    select ay, cast(max(value) * 100 as bigint) as per_ten_thousand
    from policy
    where parameter = 'neet_national_percent'
    group by ay
),

counted as (
    select
        curve.pack,
        curve.cohort_ay,
        curve.outcome,
        curve.basis,
        curve.points as flag_from,
        cast(curve.n_scored as bigint) as n_scored,
        missing.n_missing,
        cast(curve.n_all_positive as bigint) as n_positive,
        cast(curve.n_flagged as bigint) as n_flagged,
        cast(curve.n_true as bigint) as n_true,
        cast(curve.n_scored - curve.n_all_positive as bigint) as n_negative,
        bases.per_ten_thousand as base
    from curve
    inner join missing
        on missing.pack = curve.pack
       and missing.cohort_ay = curve.cohort_ay
       and missing.outcome = curve.outcome
       and missing.basis = curve.basis
    left join bases on bases.ay = curve.cohort_ay + 6
),

final as (
    select
        pack,
        cohort_ay,
        outcome,
        basis,
        flag_from,
        n_scored,
        n_missing,
        n_positive,
        n_flagged,
        n_true,
        share_of(n_true, n_flagged) as precision,
        wilson_low(n_true, n_flagged) as precision_low,
        wilson_high(n_true, n_flagged) as precision_high,
        share_of(n_true, n_positive) as recall,
        wilson_low(n_true, n_positive) as recall_low,
        wilson_high(n_true, n_positive) as recall_high,
        share_of(n_negative - (n_flagged - n_true), n_negative) as specificity,
        wilson_low(n_negative - (n_flagged - n_true), n_negative) as specificity_low,
        wilson_high(n_negative - (n_flagged - n_true), n_negative) as specificity_high,
        share_of(n_true * n_scored, n_flagged * n_positive) as lift,
        share_of(n_true + n_negative - (n_flagged - n_true), n_scored) as accuracy,
        wilson_low(n_true + n_negative - (n_flagged - n_true), n_scored) as accuracy_low,
        wilson_high(n_true + n_negative - (n_flagged - n_true), n_scored) as accuracy_high,
        ratio_of(n_true * n_negative * base,
                 n_true * n_negative * base + (n_flagged - n_true) * n_positive * (10000 - base)) as precision_at_base
    from counted
)

select * from final
