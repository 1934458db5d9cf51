/*
title = "Who was linked, and how far the links may be believed, group by group"
grain = ["dimension", "category"]
reads = ["link_group", "link_rule"]
purposes = ["research", "participation"]
published = true
[columns]
dimension = "What subjects are grouped by: all, source, provider, setting, sex, ethnicity, sen, fsm, care, eal or upn"
category = "The group, by what the subject's own source says; not_known where it says nothing"
n_subjects = "Subjects of the group: the denominator of the link rate"
n_learners = "Distinct learners they were linked to"
n_not_known = "Subjects whose group is not known, over the whole dimension: what is missing"
n_linked = "Subjects whose learner has another subject: the denominator of precision"
n_linked_elsewhere = "Subjects whose learner has a subject of another source"
link_rate = "n_linked / n_subjects"
link_rate_low = "Lower end of its 95% interval"
link_rate_high = "Upper end of its 95% interval"
n_by_rule = "Of those linked, by a rule, which states no probability"
expected_right = "How many of those linked are with the right person, as rules and probabilities have it"
precision = "expected_right / n_linked; empty without links, and in a year for which policy says nothing"
precision_low = "Lower end: rules as bad as they may be, and chance against us"
precision_high = "Upper end: rules never wrong, and chance for us"
expected_missed = "How many joins are missing, by the likeliest partner that each subject was not joined to; empty when nobody reckoned it"
recall = "expected_right / (expected_right + expected_missed)"
recall_low = "Lower end of its interval"
recall_high = "Upper end of its interval"
*/
with counts as (
    select
        dimension,
        category,
        count(*) as n_subjects,
        count(distinct learner_id) as n_learners,
        count(*) filter (where is_linked) as n_linked,
        count(*) filter (where is_linked_elsewhere) as n_linked_elsewhere,
        count(*) filter (where is_linked and probability = 1) as n_by_rule,
        coalesce(sum(probability) filter (where is_linked and probability < 1), 0) as weighed_right,
        coalesce(sum(probability * (1 - probability)) filter (where is_linked and probability < 1), 0) as weighed_variance,
        case when count(runner_up) = count(*) then sum(runner_up) end as expected_missed,
        case when count(runner_up) = count(*) then sum(runner_up * (1 - runner_up)) end as missed_variance
    from link_group
    group by dimension, category
),

-- Rules are wrong together or not at all, so what policy allows for moves both ends of the interval and is not averaged away.
believed as (
    select
        counts.*,
        cast(counts.weighed_right + counts.n_by_rule * link_rule.rule_right as decimal(18, 4)) as expected_right,
        cast(counts.weighed_right + counts.n_by_rule * link_rule.rule_right_least as decimal(18, 4)) as least_right,
        cast(counts.weighed_right + counts.n_by_rule * link_rule.rule_right_most as decimal(18, 4)) as most_right,
        cast(counts.weighed_variance + counts.n_by_rule * link_rule.rule_right * (1 - link_rule.rule_right)
             as decimal(24, 8)) as right_variance
    from counts
    cross join link_rule
),

final as (
    select
        dimension,
        category,
        n_subjects,
        n_learners,
        cast(sum(case when category = 'not_known' then n_subjects else 0 end) over (partition by dimension) as bigint)
            as n_not_known,
        n_linked,
        n_linked_elsewhere,
        share_of(n_linked, n_subjects) as link_rate,
        wilson_low(n_linked, n_subjects) as link_rate_low,
        wilson_high(n_linked, n_subjects) as link_rate_high,
        n_by_rule,
        expected_right,
        ratio_of_chances(expected_right, n_linked) as precision,
        chances_low(least_right, right_variance, n_linked) as precision_low,
        chances_high(most_right, right_variance, n_linked) as precision_high,
        cast(expected_missed as decimal(18, 4)) as expected_missed,
        ratio_of_chances(expected_right, expected_right + expected_missed) as recall,
        found_low(least_right, right_variance, expected_missed, missed_variance) as recall_low,
        found_high(most_right, right_variance, expected_missed, missed_variance) as recall_high
    from believed
)

select * from final
