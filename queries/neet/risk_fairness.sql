/*
title = "Whether the red band treats groups alike: audited, and by none of these is anybody scored who would not be otherwise"
grain = ["pack", "cohort_ay", "outcome", "basis", "breakdown", "category"]
reads = ["risk_tested", "learner", "circumstance_year"]
purposes = ["participation"]
published = true
[columns]
pack = "The list of rules: code_risk_pack"
cohort_ay = "The academic year, by its end year, of Year 6"
outcome = "neet: who was not known is left out; neet_or_not_known: they are with the NEET"
basis = "low: what is not known does not hold; high: it does"
breakdown = "all; sex; ethnicity; sen, fsm and setting: as in Year 10"
category = "Which one of the breakdown; not_known where nobody says"
n_scored = "Learners with a score and an outcome"
n_left_out = "Learners with a score who were not known, in custody or not followed"
n_positive = "Of those scored with the outcome"
n_flagged = "Of them in the red band"
n_true = "Both"
true_positive_rate = "n_true / n_positive"
true_positive_low = "Lower end of its 95% interval"
true_positive_high = "Upper end"
false_positive_rate = "Flagged without the outcome / all without it"
false_positive_low = "Lower end of its 95% interval"
false_positive_high = "Upper end"
precision = "n_true / n_flagged"
precision_low = "Lower end of its 95% interval"
precision_high = "Upper end"
false_positive_ratio = "false_positive_rate / that of all"
is_within = "Whether that lies between 0.8 and 1.25; equal precision and equal false alarms cannot both be had where shares differ"
*/
-- Population: everybody to whom this list of rules told a risk on that day, as risk_score has them.
with members as (
    select
        risk_tested.pack,
        risk_tested.cohort_ay,
        risk_tested.outcome,
        risk_tested.basis,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'sex' then coalesce(learner.sex, 'not_known')
            when 'ethnicity' then coalesce(learner.ethnicity, 'not_known')
            when 'sen' then coalesce(circumstance_year.sen, 'not_known')
            when 'fsm' then case when circumstance_year.fsm then 'yes' when not circumstance_year.fsm then 'no' else 'not_known' end
            else coalesce(circumstance_year.kind, 'not_known')
        end as category,
        risk_tested.is_positive,
        risk_tested.is_flagged
    from risk_tested
    inner join learner on learner.learner_id = risk_tested.learner_id
    left join circumstance_year
        on circumstance_year.learner_id = risk_tested.learner_id
       and circumstance_year.ay = risk_tested.cohort_ay + 4
    cross join (values ('all'), ('sex'), ('ethnicity'), ('sen'), ('fsm'), ('setting')) as breakdowns(breakdown)
),

counts as (
    select
        pack, cohort_ay, outcome, basis, breakdown, category,
        count(is_positive) as n_scored,
        count(*) filter (where is_positive is null) as n_left_out,
        count(*) filter (where is_positive) as n_positive,
        count(*) filter (where is_positive is not null and is_flagged) as n_flagged,
        count(*) filter (where is_positive and is_flagged) as n_true
    from members
    group by pack, cohort_ay, outcome, basis, breakdown, category
),

compared as (
    select
        counts.*,
        counts.n_flagged - counts.n_true as n_false,
        counts.n_scored - counts.n_positive as n_negative,
        everybody.n_flagged - everybody.n_true as n_false_of_all,
        everybody.n_scored - everybody.n_positive as n_negative_of_all
    from counts
    inner join counts as everybody
        on everybody.pack = counts.pack
       and everybody.cohort_ay = counts.cohort_ay
       and everybody.outcome = counts.outcome
       and everybody.basis = counts.basis
       and everybody.breakdown = 'all'
),

final as (
    select
        pack,
        cohort_ay,
        outcome,
        basis,
        breakdown,
        category,
        n_scored,
        n_left_out,
        n_positive,
        n_flagged,
        n_true,
        share_of(n_true, n_positive) as true_positive_rate,
        wilson_low(n_true, n_positive) as true_positive_low,
        wilson_high(n_true, n_positive) as true_positive_high,
        share_of(n_false, n_negative) as false_positive_rate,
        wilson_low(n_false, n_negative) as false_positive_low,
        wilson_high(n_false, n_negative) as false_positive_high,
        share_of(n_true, n_flagged) as precision,
        wilson_low(n_true, n_flagged) as precision_low,
        wilson_high(n_true, n_flagged) as precision_high,
        ratio_of(n_false * n_negative_of_all, n_negative * n_false_of_all) as false_positive_ratio,
        case when n_negative * n_false_of_all > 0
             then n_false * n_negative_of_all * 100 >= 80 * n_negative * n_false_of_all
              and n_false * n_negative_of_all * 100 <= 125 * n_negative * n_false_of_all end as is_within
    from compared
)

select * from final
