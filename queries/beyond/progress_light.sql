/*
title = "A light for each review of a learner: red, amber, green, or grey when too little is known; it changes with some inertia"
grain = ["learner_id", "reviewed_on"]
reads = ["distance_travelled", "engagement_change", "policy"]
purposes = ["ap_commissioning"]
published = true
of_many = ["t_engagement", "n_domains", "distance", "light_now", "light"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
reviewed_on = "Day of the review"
t_engagement = "Attendance in the academic year of the review, so far; as in engagement_change"
t_social = "Strengths and difficulties, latest up to that day"
t_goals = "Goals, latest up to that day"
n_domains = "How many of them are known"
distance = "Mean of those known, goals held between 35 and 65; empty with fewer than two or without engagement"
reliable_changes = "Of the questionnaires up to that day, the latest of each measure and informant: the reliable change index furthest from nought; empty where none is held"
light_now = "Red below 45, or without any reliable change and goals at 40 or less; amber below 55; green from 55 on: set new goals; grey with fewer than two domains; no_rule_for_year"
light = "The light to be shown: it changes only when two coloured reviews in a row agree or the distance moves by five; grey stays grey"
*/
with rules as (
    select
        ay,
        max(case when parameter = 'light_amber_from' then value end) as amber_from,
        max(case when parameter = 'light_green_from' then value end) as green_from,
        max(case when parameter = 'light_jump' then value end) as jump,
        max(case when parameter = 'index_goal_cap' then value end) as goal_cap
    from policy
    group by ay
),

reviews as (
    select distinct learner_id, later_on as reviewed_on, academic_year(later_on) as ay
    from distance_travelled
    where domain in ('social', 'goals')
),

scored as (
    select
        reviews.learner_id,
        reviews.reviewed_on,
        distance_travelled.domain,
        distance_travelled.t_score,
        distance_travelled.reliable_change_index,
        row_number() over (
            partition by reviews.learner_id, reviews.reviewed_on, distance_travelled.domain
            order by distance_travelled.later_on desc nulls last,
                     case when distance_travelled.measure = 'goal_t' then 1 when distance_travelled.measure = 'gas' then 2
                          when distance_travelled.informant = 'teacher' then 1 when distance_travelled.informant = 'not_known' then 2
                          else 3 end asc nulls last,
                     distance_travelled.t_score asc nulls last
        ) as place
    from reviews
    inner join distance_travelled
        on distance_travelled.learner_id = reviews.learner_id
       and distance_travelled.later_on <= reviews.reviewed_on
    where distance_travelled.domain in ('social', 'goals')
      and distance_travelled.t_score is not null
),

-- Teacher, parent and learner may each have answered: whether anything changed reliably hangs on all of them.
latest_changes as (
    select
        reviews.learner_id,
        reviews.reviewed_on,
        distance_travelled.reliable_change_index,
        row_number() over (
            partition by reviews.learner_id, reviews.reviewed_on, distance_travelled.measure, distance_travelled.informant
            order by distance_travelled.later_on desc nulls last, abs(distance_travelled.reliable_change_index) desc nulls last,
                     distance_travelled.reliable_change_index asc nulls last
        ) as place
    from reviews
    inner join distance_travelled
        on distance_travelled.learner_id = reviews.learner_id
       and distance_travelled.later_on <= reviews.reviewed_on
    where distance_travelled.domain = 'social'
      and distance_travelled.reliable_change_index is not null
),

changes as (
    select
        learner_id,
        reviewed_on,
        case when max(reliable_change_index) >= -min(reliable_change_index) then max(reliable_change_index)
             else min(reliable_change_index) end as reliable_changes
    from latest_changes
    where place = 1
    group by learner_id, reviewed_on
),

sides as (
    select
        reviews.learner_id,
        reviews.reviewed_on,
        reviews.ay,
        max(case when scored.domain = 'social' then scored.t_score end) as t_social,
        max(case when scored.domain = 'goals' then scored.t_score end) as t_goals
    from reviews
    left join scored
        on scored.learner_id = reviews.learner_id
       and scored.reviewed_on = reviews.reviewed_on
       and scored.place = 1
    group by reviews.learner_id, reviews.reviewed_on, reviews.ay
),

summed as (
    select
        sides.*,
        changes.reliable_changes,
        engagement_change.t_score as t_engagement,
        case when engagement_change.t_score is not null then 1 else 0 end
            + case when sides.t_social is not null then 1 else 0 end
            + case when sides.t_goals is not null then 1 else 0 end as n_domains,
        coalesce(engagement_change.t_score, 0) + coalesce(sides.t_social, 0)
            + case when sides.t_goals is null then 0 else least(50 + rules.goal_cap, greatest(50 - rules.goal_cap, sides.t_goals)) end as total,
        rules.amber_from,
        rules.green_from,
        rules.jump,
        rules.goal_cap
    from sides
    left join engagement_change
        on engagement_change.learner_id = sides.learner_id
       and engagement_change.ay = sides.ay
    left join changes
        on changes.learner_id = sides.learner_id
       and changes.reviewed_on = sides.reviewed_on
    left join rules on rules.ay = sides.ay
),

measured as (
    select
        *,
        case when n_domains >= 2 and t_engagement is not null and goal_cap is not null
             then ratio_of(cast(total * 10000 as bigint), 10000 * n_domains) end as distance
    from summed
),

lit as (
    select
        *,
        case when amber_from is null or green_from is null or jump is null or goal_cap is null then 'no_rule_for_year'
             when distance is null then 'grey'
             when distance < amber_from or (abs(reliable_changes) < 1.96 and t_goals <= 40) then 'red'
             when distance < green_from then 'amber'
             else 'green'
        end as light_now
    from measured
),

coloured as (
    select
        learner_id,
        reviewed_on,
        light_now,
        case when lag(light_now) over (partition by learner_id order by reviewed_on asc nulls last) is null
               or lag(light_now) over (partition by learner_id order by reviewed_on asc nulls last) = light_now
               or abs(distance - lag(distance) over (partition by learner_id order by reviewed_on asc nulls last)) >= jump
             then 1 else 0 end as is_confirmed
    from lit
    where light_now in ('red', 'amber', 'green')
),

runs as (
    select
        *,
        sum(is_confirmed) over (partition by learner_id order by reviewed_on asc nulls last
                                rows between unbounded preceding and current row) as run
    from coloured
),

lights as (
    select
        learner_id,
        reviewed_on,
        max(case when is_confirmed = 1 then light_now end) over (partition by learner_id, run) as light
    from runs
),

final as (
    select
        lit.learner_id,
        lit.reviewed_on,
        lit.t_engagement,
        lit.t_social,
        lit.t_goals,
        cast(lit.n_domains as integer) as n_domains,
        cast(round(lit.distance, 1) as decimal(9, 1)) as distance,
        lit.reliable_changes,
        lit.light_now,
        coalesce(lights.light, lit.light_now) as light
    from lit
    left join lights
        on lights.learner_id = lit.learner_id
       and lights.reviewed_on = lit.reviewed_on
)

select * from final
