/*
title = "How firmly each learner's rows hold together, and its weight if doubtful learners are left out"
grain = ["learner_id"]
reads = ["learner_strength", "cohort_member", "learner", "link_weight"]
purposes = ["research", "participation"]
published = true
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
n_subjects = "How many subjects (persons as one source knows them) were joined"
n_sources = "In how many sources the learner is known"
lowest_probability = "The least probability of any of its links, a rule counting as 1; empty for a learner of one subject"
weight_99 = "Weight when only links of 0.99 or more are believed; empty for a learner who is not, or is in no cohort"
weight_95 = "The same at 0.95"
weight_90 = "The same at 0.90"
*/
with groups_of_learners as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        coalesce(learner.sex, 'not_known') as sex,
        case when cohort_member.dis_y6 then 'disadvantaged'
             when not cohort_member.dis_y6 then 'other'
             else 'not_known' end as disadvantage
    from cohort_member
    inner join learner on learner.learner_id = cohort_member.learner_id
),

weights as (
    select
        groups_of_learners.learner_id,
        max(case when link_weight.threshold = 0.99 then link_weight.weight end) as weight_99,
        max(case when link_weight.threshold = 0.95 then link_weight.weight end) as weight_95,
        max(case when link_weight.threshold = 0.90 then link_weight.weight end) as weight_90
    from groups_of_learners
    inner join link_weight
        on link_weight.cohort_ay = groups_of_learners.cohort_ay
       and link_weight.sex = groups_of_learners.sex
       and link_weight.disadvantage = groups_of_learners.disadvantage
    group by groups_of_learners.learner_id
),

final as (
    select
        learner_strength.learner_id,
        learner_strength.n_subjects,
        learner_strength.n_sources,
        learner_strength.lowest_probability,
        case when learner_strength.lowest_probability >= 0.99 then weights.weight_99 end as weight_99,
        case when learner_strength.lowest_probability >= 0.95 then weights.weight_95 end as weight_95,
        case when learner_strength.lowest_probability >= 0.90 then weights.weight_90 end as weight_90
    from learner_strength
    left join weights on weights.learner_id = learner_strength.learner_id
)

select * from final
