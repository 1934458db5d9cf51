/*
title = "How much each believed learner counts for, at three thresholds, so that those not linked are made up for"
grain = ["threshold", "cohort_ay", "sex", "disadvantage"]
reads = ["cohort_member", "learner", "learner_strength", "link_rule"]
purposes = ["research", "participation"]
published = true
[columns]
threshold = "Only links of this probability or more are believed: 0.99, 0.95 or 0.90"
cohort_ay = "The academic year, by its end year, of Year 6"
sex = "Sex as most of the learner's sources record it; not_known"
disadvantage = "disadvantaged, other or not_known, as observed in Year 6"
n_learners = "Learners of the group: the denominator of the rate"
n_believed = "Of them linked, and by no link below the threshold"
n_missing = "Of them with a sex or a disadvantage that is not known"
rate = "n_believed / n_learners"
weight = "n_learners / n_believed, at most what policy allows; empty where nobody is believed"
is_capped = "Whether the weight would have been greater"
*/
with members as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        coalesce(learner.sex, 'not_known') as sex,
        case when cohort_member.dis_y6 then 'disadvantaged'
             when not cohort_member.dis_y6 then 'other'
             else 'not_known' end as disadvantage,
        learner_strength.lowest_probability
    from cohort_member
    inner join learner on learner.learner_id = cohort_member.learner_id
    left join learner_strength on learner_strength.learner_id = cohort_member.learner_id
),

counts as (
    select
        thresholds.threshold,
        members.cohort_ay,
        members.sex,
        members.disadvantage,
        count(*) as n_learners,
        count(*) filter (where members.lowest_probability >= thresholds.threshold) as n_believed,
        count(*) filter (where members.sex = 'not_known' or members.disadvantage = 'not_known') as n_missing
    from members
    cross join (values (cast(0.99 as decimal(5, 4))), (cast(0.95 as decimal(5, 4))), (cast(0.90 as decimal(5, 4))))
        as thresholds(threshold)
    group by thresholds.threshold, members.cohort_ay, members.sex, members.disadvantage
),

final as (
    select
        counts.threshold,
        counts.cohort_ay,
        counts.sex,
        counts.disadvantage,
        counts.n_learners,
        counts.n_believed,
        counts.n_missing,
        share_of(counts.n_believed, counts.n_learners) as rate,
        case when link_rule.weight_cap is null then null
             when counts.n_learners > link_rule.weight_cap * counts.n_believed and counts.n_believed > 0
             then cast(link_rule.weight_cap as decimal(9, 4))
             else share_of(counts.n_learners, counts.n_believed)
        end as weight,
        counts.n_believed > 0 and counts.n_learners > link_rule.weight_cap * counts.n_believed as is_capped
    from counts
    cross join link_rule
)

select * from final
