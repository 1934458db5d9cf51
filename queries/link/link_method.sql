/*
title = "By which rule or weight the subjects of each source were linked"
grain = ["source", "band", "method"]
reads = ["subject_profile"]
purposes = ["research", "participation"]
published = true
[columns]
source = "The source of the subjects"
band = "certain: joined by a rule; likely: by weights; alone: joined to nobody"
method = "The rule, weighed, or alone"
n_subjects = "Subjects of the source in this band, joined by this"
n_learners = "Distinct learners they belong to"
n_source = "All subjects of the source: the denominator"
share = "n_subjects / n_source"
stated = "Mean of the probabilities that were stated; 1 for a rule, which states none; empty for alone"
*/
with counts as (
    select
        source,
        band,
        method,
        count(*) as n_subjects,
        count(distinct learner_id) as n_learners,
        sum(probability) as stated
    from subject_profile
    group by source, band, method
),

final as (
    select
        source,
        band,
        method,
        n_subjects,
        n_learners,
        cast(sum(n_subjects) over (partition by source) as bigint) as n_source,
        share_of(n_subjects, sum(n_subjects) over (partition by source)) as share,
        case when band <> 'alone' then ratio_of_chances(stated, n_subjects) end as stated
    from counts
)

select * from final
