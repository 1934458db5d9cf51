/*
title = "How often a rule joins two people wrongly, and what else policy says of linkage this year"
grain = ["ay"]
reads = ["build_context", "policy", "link_sampled"]
[columns]
ay = "The academic year, by its end year, from which the build looks back"
basis = "sample, when persons looked at enough pairs that rules had joined; policy; or no_rule_for_year"
rule_right = "How many of a rule's joins are taken to be right"
rule_right_least = "How many at the least"
rule_right_most = "How many at the most"
weight_cap = "The greatest weight that a learner may be given"
*/
-- A rule states no probability. Policy says how often it may be wrong, until persons have looked at enough pairs.
with parameters as (
    select
        academic_year(build_context.as_of) as ay,
        max(case when policy.parameter = 'link_rule_error' then policy.value end) as rule_error,
        max(case when policy.parameter = 'link_rule_error_most' then policy.value end) as rule_error_most,
        max(case when policy.parameter = 'link_sample_least' then policy.value end) as sample_least,
        max(case when policy.parameter = 'link_weight_cap' then policy.value end) as weight_cap
    from build_context
    left join policy on policy.ay = academic_year(build_context.as_of)
    group by academic_year(build_context.as_of)
),

samples as (
    select
        coalesce(max(n_sampled), 0) as n_sampled,
        max(sampled) as sampled,
        max(sampled_low) as sampled_low,
        max(sampled_high) as sampled_high
    from link_sampled
    where band = 'certain'
),

final as (
    select
        parameters.ay,
        case when samples.n_sampled >= parameters.sample_least then 'sample'
             when parameters.rule_error is null then 'no_rule_for_year'
             else 'policy'
        end as basis,
        case when samples.n_sampled >= parameters.sample_least then samples.sampled
             else cast(1 - parameters.rule_error as decimal(9, 4))
        end as rule_right,
        case when samples.n_sampled >= parameters.sample_least then samples.sampled_low
             else cast(1 - parameters.rule_error_most as decimal(9, 4))
        end as rule_right_least,
        case when samples.n_sampled >= parameters.sample_least then samples.sampled_high
             when parameters.rule_error is not null then cast(1 as decimal(9, 4))
        end as rule_right_most,
        parameters.weight_cap
    from parameters
    cross join samples
)

select * from final
