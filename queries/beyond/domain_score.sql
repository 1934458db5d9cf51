/*
title = "The scored domains of each learner at sixteen on one scale, each with its reference and its error"
grain = ["learner_id", "domain"]
reads = ["cohort_member", "cohort_outcome", "value_added", "engagement_change", "distance_travelled"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
domain = "attainment, engagement, social or goals; only those with a score"
score_on = "Day or end of the year that the score is of"
reference = "Whom it is measured against: cohort_alike, not_placed_alike, own_start_parent, own_start or goals_as_set"
t_score = "50 is what was to be expected from the own starting point, 10 one standard deviation of the reference"
t_error = "Standard error; empty where none is held"
*/
with members as (
    select cohort_member.learner_id, year_ends_on(cohort_member.cohort_ay + 5) as until
    from cohort_member
    inner join cohort_outcome on cohort_outcome.learner_id = cohort_member.learner_id
    where cohort_outcome.state <> 'not_yet_16'
),

scores as (
    select learner_id, 'attainment' as domain, year_ends_on(ks4_ay) as score_on, 'cohort_alike' as reference, 1 as preference, t_score, t_error
    from value_added
    where t_score is not null
    union all
    select learner_id, 'engagement' as domain, year_ends_on(ay) as score_on, 'not_placed_alike' as reference, 1 as preference, t_score, t_error
    from engagement_change
    where t_score is not null
    union all
    select
        learner_id,
        domain,
        later_on as score_on,
        case when domain = 'goals' then 'goals_as_set' when added_value is not null then 'own_start_parent' else 'own_start' end as reference,
        case when measure = 'goal_t' then 1 when measure = 'gas' then 2 when informant = 'teacher' then 1 when informant = 'not_known' then 2 else 3 end as preference,
        t_score,
        t_error
    from distance_travelled
    where domain in ('social', 'goals')
      and t_score is not null
),

-- The latest counts; of one day the learner's own goals before what a provider worked out, a teacher before others.
ranked as (
    select
        scores.*,
        row_number() over (
            partition by scores.learner_id, scores.domain
            order by scores.score_on desc nulls last, scores.preference asc nulls last, scores.t_score asc nulls last
        ) as place
    from scores
    inner join members on members.learner_id = scores.learner_id
    where scores.score_on <= members.until
),

final as (
    select learner_id, domain, score_on, reference, t_score, t_error
    from ranked
    where place = 1
)

select * from final
