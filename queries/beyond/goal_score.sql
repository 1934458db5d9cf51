/*
title = "Goal attainment of each learner on each day of scoring: the T score over all goals scored that day"
grain = ["learner_id", "taken_on", "point"]
reads = ["stg_goal", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
taken_on = "Day of scoring"
point = "baseline, review or exit; not_known where nobody says"
n_goals = "Goals scored: the denominator of the shares"
n_without_score = "Goals named that day without a score, left out of all else"
goal_t = "50 + 10 x sum of weight x score / root of (0.7 x sum of squared weights + 0.3 x squared sum of weights): 50 is as expected"
n_as_expected = "Goals scored at 0: where nearly all are, goals were easy or scored as set"
n_moderated = "Goals scored by somebody else than the provider, blind"
score_state = "known, no_score, or no_rule_for_year"
*/
-- One goal is scored once a day; of two sources the lower score stands.
with goals as (
    select
        learner_id,
        taken_on,
        coalesce(point, 'not_known') as point,
        set_on,
        goal_no,
        min(attained) as attained,
        cast(coalesce(max(weight), 1) as decimal(9, 2)) as weight,
        min(case when is_moderated then 1 else 0 end) as moderated
    from stg_goal
    group by learner_id, taken_on, coalesce(point, 'not_known'), set_on, goal_no
),

rules as (
    select ay, max(case when parameter = 'goal_correlation' then value end) as correlation
    from policy
    group by ay
),

sums as (
    select
        learner_id,
        taken_on,
        point,
        count(attained) as n_goals,
        count(*) - count(attained) as n_without_score,
        count(*) filter (where attained = 0) as n_as_expected,
        count(*) filter (where attained is not null and moderated = 1) as n_moderated,
        sum(weight * attained) as weighted_scores,
        sum(weight) filter (where attained is not null) as weights,
        sum(weight * weight) filter (where attained is not null) as squared_weights
    from goals
    group by learner_id, taken_on, point
),

final as (
    select
        sums.learner_id,
        sums.taken_on,
        sums.point,
        cast(sums.n_goals as integer) as n_goals,
        cast(sums.n_without_score as integer) as n_without_score,
        goal_t_score(sums.weighted_scores, sums.weights, sums.squared_weights, rules.correlation) as goal_t,
        cast(sums.n_as_expected as integer) as n_as_expected,
        cast(sums.n_moderated as integer) as n_moderated,
        case when rules.correlation is null then 'no_rule_for_year'
             when coalesce(sums.weights, 0) = 0 then 'no_score'
             else 'known'
        end as score_state
    from sums
    left join rules on rules.ay = academic_year(sums.taken_on)
)

select * from final
