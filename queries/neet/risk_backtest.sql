/*
title = "How well the risk told at the end of Year 10 foretold the winter after Year 11, for each cohort"
grain = ["pack", "cohort_ay", "outcome", "basis"]
reads = ["risk_tested", "risk_curve", "risk_calibration", "code_risk_benchmark", "policy"]
purposes = ["participation"]
published = true
[columns]
pack = "The list of rules: code_risk_pack"
cohort_ay = "The academic year, by its end year, of Year 6"
outcome = "neet: who was not known is left out; neet_or_not_known: they are with the NEET"
basis = "low: what is not known does not hold; high: it does"
n_scored = "Learners with a score and an outcome"
n_positive = "Of them with the outcome"
n_left_out = "What is missing: learners with a score who were not known, in custody or not followed, and are in no figure here"
auc = "Chance that one with the outcome has more points than one without, ties half"
auc_low = "Lower end of its 95% interval, by Hanley and McNeil"
auc_high = "Upper end"
n_at_capacity = "How many can be helped: the policy's share of those scored, at least one"
true_at_capacity = "Of so many with the most points how many it came about for; of those who tie at the end their share: the numerator of the next two"
precision_at_capacity = "true_at_capacity / n_at_capacity: of so many with the most points, how many it came about for; of those who tie at the end their share"
precision_low = "Lower end of its 95% interval"
precision_high = "Upper end"
recall_at_capacity = "true_at_capacity / n_positive: of those it came about for, how many were among them"
recall_low = "Lower end of its 95% interval"
recall_high = "Upper end"
lift_at_capacity = "precision_at_capacity / share of the outcome among all"
n_flagged = "In the red band"
n_right = "In the red band and true, or neither: the numerator of accuracy"
accuracy = "n_right / n_scored: kind to whoever flags nobody"
accuracy_low = "Lower end of its 95% interval"
accuracy_high = "Upper end"
accuracy_if_nobody = "The same if nobody were flagged"
published_accuracy_points = "Accuracy published for a council's list of points, on other children (0.855)"
published_accuracy_model = "Accuracy published for boosted trees on the same (0.928)"
n_predicted = "Learners for whose points the cohorts before tell a chance"
expected = "Sum of those chances"
came_about = "Of those learners with the outcome"
expected_over_observed = "expected / came_about"
brier = "Mean squared difference of chance and outcome"
brier_base = "The same for the share of the outcome told to everybody"
brier_skill = "1 - brier / brier_base: above nothing is better than telling everybody the same"
*/
-- Population: everybody to whom this list of rules told a risk on that day, as risk_score has them.
with sums as (
    select
        pack, cohort_ay, outcome, basis,
        count(is_positive) as n_scored,
        count(*) filter (where is_positive) as n_positive,
        count(*) filter (where is_positive is null) as n_left_out,
        count(*) filter (where is_positive is not null and is_flagged) as n_flagged,
        count(*) filter (where is_positive = is_flagged) as n_right
    from risk_tested
    group by pack, cohort_ay, outcome, basis
),

steps as (
    select
        *,
        lag(n_flagged, 1, 0) over (
            partition by pack, cohort_ay, outcome, basis order by flag_from desc nulls last
        ) as n_above,
        lag(n_true, 1, 0) over (
            partition by pack, cohort_ay, outcome, basis order by flag_from desc nulls last
        ) as n_true_above
    from risk_curve
),

-- Twice the number of pairs of one with the outcome and one without in which the one with has more points, ties once.
pairs as (
    select
        pack, cohort_ay, outcome, basis,
        sum((n_true - n_true_above)
            * (2 * (n_scored - n_positive) - (n_flagged - n_true) - (n_above - n_true_above))) as twice_right
    from steps
    group by pack, cohort_ay, outcome, basis
),

capacities as (
    select ay, max(value) as percent
    from policy
    where parameter = 'risk_capacity_percent'
    group by ay
),

sized as (
    select
        sums.*,
        pairs.twice_right,
        share_of(pairs.twice_right, 2 * sums.n_positive * (sums.n_scored - sums.n_positive)) as auc,
        case when capacities.percent is not null
             then greatest(1, cast(round(sums.n_scored * capacities.percent / 100) as bigint)) end as n_at_capacity
    from sums
    inner join pairs
        on pairs.pack = sums.pack
       and pairs.cohort_ay = sums.cohort_ay
       and pairs.outcome = sums.outcome
       and pairs.basis = sums.basis
    left join capacities on capacities.ay = sums.cohort_ay + 6
),

-- The points at which the capacity is reached: whoever has them shares what is left.
at_capacity as (
    select
        sized.pack, sized.cohort_ay, sized.outcome, sized.basis,
        steps.n_true_above * (steps.n_flagged - steps.n_above)
            + (sized.n_at_capacity - steps.n_above) * (steps.n_true - steps.n_true_above) as true_times_tied,
        steps.n_flagged - steps.n_above as n_tied
    from sized
    inner join steps
        on steps.pack = sized.pack
       and steps.cohort_ay = sized.cohort_ay
       and steps.outcome = sized.outcome
       and steps.basis = sized.basis
       and steps.n_above < sized.n_at_capacity
       and steps.n_flagged >= sized.n_at_capacity
),

chances as (
    select
        pack, cohort_ay, outcome, basis,
        sum(n) as n_predicted,
        sum(n_positive) as came_about,
        sum(expected) as expected,
        sum(cast(chance * 10000 as bigint) * cast(chance * 10000 as bigint) * (n - n_positive)
            + (10000 - cast(chance * 10000 as bigint)) * (10000 - cast(chance * 10000 as bigint)) * n_positive) as squares
    from risk_calibration
    where chance is not null
    group by pack, cohort_ay, outcome, basis
),

benchmarks as (
    select
        max(case when code = 'points_list' then cast(accuracy as decimal(9, 4)) end) as points_list,
        max(case when code = 'boosted_trees' then cast(accuracy as decimal(9, 4)) end) as boosted_trees
    from code_risk_benchmark
),

final as (
    select
        sized.pack,
        sized.cohort_ay,
        sized.outcome,
        sized.basis,
        sized.n_scored,
        sized.n_positive,
        sized.n_left_out,
        sized.auc,
        case when sized.auc is not null then cast(round(greatest(0e0, sized.auc - auc_half_width(sized.auc, sized.n_positive, sized.n_scored - sized.n_positive)), 4)
             as decimal(9, 4)) end as auc_low,
        case when sized.auc is not null then cast(round(least(1e0, sized.auc + auc_half_width(sized.auc, sized.n_positive, sized.n_scored - sized.n_positive)), 4)
             as decimal(9, 4)) end as auc_high,
        sized.n_at_capacity,
        ratio_of(at_capacity.true_times_tied, at_capacity.n_tied) as true_at_capacity,
        ratio_of(at_capacity.true_times_tied, sized.n_at_capacity * at_capacity.n_tied) as precision_at_capacity,
        wilson_low(at_capacity.true_times_tied / at_capacity.n_tied, sized.n_at_capacity) as precision_low,
        wilson_high(at_capacity.true_times_tied / at_capacity.n_tied, sized.n_at_capacity) as precision_high,
        ratio_of(at_capacity.true_times_tied, sized.n_positive * at_capacity.n_tied) as recall_at_capacity,
        wilson_low(at_capacity.true_times_tied / at_capacity.n_tied, sized.n_positive) as recall_low,
        wilson_high(at_capacity.true_times_tied / at_capacity.n_tied, sized.n_positive) as recall_high,
        ratio_of(at_capacity.true_times_tied * sized.n_scored,
                 sized.n_at_capacity * at_capacity.n_tied * sized.n_positive) as lift_at_capacity,
        sized.n_flagged,
        sized.n_right,
        share_of(sized.n_right, sized.n_scored) as accuracy,
        wilson_low(sized.n_right, sized.n_scored) as accuracy_low,
        wilson_high(sized.n_right, sized.n_scored) as accuracy_high,
        share_of(sized.n_scored - sized.n_positive, sized.n_scored) as accuracy_if_nobody,
        benchmarks.points_list as published_accuracy_points,
        benchmarks.boosted_trees as published_accuracy_model,
        cast(coalesce(chances.n_predicted, 0) as bigint) as n_predicted,
        cast(chances.expected as decimal(18, 4)) as expected,
        cast(chances.came_about as bigint) as came_about,
        ratio_of(cast(chances.expected * 10000 as bigint), chances.came_about * 10000) as expected_over_observed,
        ratio_of(chances.squares, chances.n_predicted * 100000000) as brier,
        ratio_of(chances.came_about * (chances.n_predicted - chances.came_about),
                 chances.n_predicted * chances.n_predicted) as brier_base,
        ratio_of(chances.came_about * (chances.n_predicted - chances.came_about) * 100000000
                     - chances.squares * chances.n_predicted,
                 chances.came_about * (chances.n_predicted - chances.came_about) * 100000000) as brier_skill
    from sized
    cross join benchmarks
    left join at_capacity
        on at_capacity.pack = sized.pack
       and at_capacity.cohort_ay = sized.cohort_ay
       and at_capacity.outcome = sized.outcome
       and at_capacity.basis = sized.basis
    left join chances
        on chances.pack = sized.pack
       and chances.cohort_ay = sized.cohort_ay
       and chances.outcome = sized.outcome
       and chances.basis = sized.basis
)

select * from final
