/*
title = "The distance travelled index of each learner in its three versions, before it is decided whether it may be shown"
grain = ["learner_id"]
reads = ["domain_score", "cohort_member", "policy"]
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner"
n_domains = "Domains with a score"
has_anchor = "Whether attainment or engagement is among them"
has_goals = "Whether goals are"
equal = "Mean of the domains"
heavy = "Half of the weight on attainment, where there is one"
without_goals = "Mean of the domains but goals"
error = "Root of the sum of squared errors over the number of domains; empty when the error of one is not held"
*/
with rules as (
    select
        ay,
        max(case when parameter = 'index_goal_cap' then value end) as goal_cap,
        max(case when parameter = 'index_attainment_weight' then value end) as attainment_weight
    from policy
    group by ay
),

-- Goals are set by whoever is paid to meet them: they move the index by 15 points at most.
capped as (
    select
        domain_score.learner_id,
        cast(cohort_member.cohort_ay + 5 as smallint) as ks4_ay,
        domain_score.domain,
        case when domain_score.domain = 'goals'
             then least(50 + rules.goal_cap, greatest(50 - rules.goal_cap, domain_score.t_score))
             else domain_score.t_score end as t_score,
        domain_score.t_error,
        rules.attainment_weight
    from domain_score
    inner join cohort_member on cohort_member.learner_id = domain_score.learner_id
    inner join rules on rules.ay = cohort_member.cohort_ay + 5
    where rules.goal_cap is not null
      and rules.attainment_weight is not null
),

sums as (
    select
        learner_id,
        ks4_ay,
        max(attainment_weight) as attainment_weight,
        count(*) as n_domains,
        count(*) filter (where domain in ('attainment', 'engagement')) > 0 as has_anchor,
        sum(t_score) as total,
        max(case when domain = 'attainment' then t_score end) as attainment,
        max(case when domain = 'goals' then t_score end) as goals,
        count(t_error) as n_errors,
        sum(t_error * t_error) as squared_errors
    from capped
    group by learner_id, ks4_ay
),

final as (
    select
        learner_id,
        ks4_ay,
        cast(n_domains as integer) as n_domains,
        has_anchor,
        goals is not null as has_goals,
        ratio_of(cast(total * 10000 as bigint), 10000 * n_domains) as equal,
        case when attainment is null or n_domains = 1 then ratio_of(cast(total * 10000 as bigint), 10000 * n_domains)
             else cast(round(attainment_weight * attainment + (1 - attainment_weight) * (total - attainment) / (n_domains - 1), 4) as decimal(9, 4))
        end as heavy,
        case when goals is null then ratio_of(cast(total * 10000 as bigint), 10000 * n_domains)
             when n_domains > 1 then ratio_of(cast((total - goals) * 10000 as bigint), 10000 * (n_domains - 1))
        end as without_goals,
        case when n_errors = n_domains then cast(round(sqrt(squared_errors) / n_domains, 1) as decimal(9, 1)) end as error
    from sums
)

select * from final
