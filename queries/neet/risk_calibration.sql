/*
title = "What the cohorts before lead one to expect at each number of points, beside what came about"
grain = ["pack", "cohort_ay", "outcome", "basis", "points"]
reads = ["risk_tested"]
purposes = ["participation"]
published = true
[columns]
pack = "The list of rules: code_risk_pack"
cohort_ay = "The academic year, by its end year, of Year 6: the cohort it is tested on"
outcome = "neet: who was not known is left out; neet_or_not_known: they are with the NEET"
basis = "low: what is not known does not hold; high: it does"
points = "Points of the score; 9 is nine or more"
n_before = "Learners with so many points of cohorts two and more years older: all whose winter was over by then"
n_positive_before = "Of them with the outcome"
chance = "n_positive_before / n_before: the chance told by those cohorts; empty where they had nobody"
n = "Learners of this cohort with so many points and an outcome"
n_missing = "Others of this cohort with so many points: not known, in custody or not followed"
n_positive = "Of them with the outcome"
observed = "n_positive / n"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end"
expected = "chance times n"
*/
-- Population: everybody to whom this list of rules told a risk on that day, as risk_score has them.
with points as (
    select
        pack, cohort_ay, outcome, basis,
        least(points, 9) as points,
        count(is_positive) as n,
        count(*) - count(is_positive) as n_missing,
        count(*) filter (where is_positive) as n_positive
    from risk_tested
    group by pack, cohort_ay, outcome, basis, least(points, 9)
    having count(is_positive) > 0
),

-- The winter of the cohort before was not over when this one was told its risk.
before as (
    select
        points.pack, points.cohort_ay, points.outcome, points.basis, points.points,
        cast(sum(earlier.n) as bigint) as n,
        cast(sum(earlier.n_positive) as bigint) as n_positive
    from points
    inner join points as earlier
        on earlier.pack = points.pack
       and earlier.outcome = points.outcome
       and earlier.basis = points.basis
       and earlier.points = points.points
       and earlier.cohort_ay <= points.cohort_ay - 2
    group by points.pack, points.cohort_ay, points.outcome, points.basis, points.points
),

final as (
    select
        points.pack,
        points.cohort_ay,
        points.outcome,
        points.basis,
        cast(points.points as integer) as points,
        coalesce(before.n, 0) as n_before,
        coalesce(before.n_positive, 0) as n_positive_before,
        share_of(before.n_positive, before.n) as chance,
        points.n,
        points.n_missing,
        points.n_positive,
        share_of(points.n_positive, points.n) as observed,
        wilson_low(points.n_positive, points.n) as observed_low,
        wilson_high(points.n_positive, points.n) as observed_high,
        cast(share_of(before.n_positive, before.n) * points.n as decimal(18, 4)) as expected
    from points
    left join before
        on before.pack = points.pack
       and before.cohort_ay = points.cohort_ay
       and before.outcome = points.outcome
       and before.basis = points.basis
       and before.points = points.points
)

select * from final
