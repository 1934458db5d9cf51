/*
title = "What each factor adds to the risk of each learner, and what it would add if what is not known held"
grain = ["pack", "learner_id", "predicted_on", "factor"]
reads = ["risk_fact", "code_risk_rule", "code_risk_factor", "code_risk_switch", "build_context"]
purposes = ["participation"]
published = true
of_many = ["points_low", "points_high", "is_known", "reason"]
[columns]
pack = "The list of rules: code_risk_pack"
learner_id = "Pseudonym of the learner, 32 hex characters"
predicted_on = "The day of the prediction: nothing dated after it is used"
factor = "The factor: of its rules that hold the one with the most points counts, they are not added"
points_low = "Points if what is not known does not hold"
points_high = "Points if what is not known holds"
is_known = "Whether nothing that is not known could add to it"
reason = "In words: what holds, or that the factor is not known; empty where it is known and nothing holds"
*/
-- A rule that needs a condition of its own (special categories, stand-ins for origin) is left out altogether, until a
-- site records the condition: it neither adds nor is missing. The condition has to hold on the day of the prediction and
-- still: once it is withdrawn, what it had allowed is told no longer, of earlier predictions neither.
with rules as (
    select
        code_risk_rule.code as rule,
        code_risk_rule.label,
        code_risk_rule.pack,
        code_risk_rule.factor,
        code_risk_rule.fact,
        cast(code_risk_rule.points as integer) as points,
        code_risk_rule.gate,
        code_risk_rule.valid_from,
        code_risk_rule.valid_to
    from code_risk_rule
),

asked as (
    select
        rules.pack,
        rules.factor,
        rules.rule,
        rules.label,
        rules.points,
        risk_fact.learner_id,
        risk_fact.predicted_on,
        risk_fact.holds
    from risk_fact
    cross join build_context
    inner join rules
        on rules.fact = risk_fact.fact
       and (rules.valid_from is null or rules.valid_from <= risk_fact.predicted_on)
       and (rules.valid_to is null or rules.valid_to > risk_fact.predicted_on)
    left join code_risk_switch
        on code_risk_switch.rule = rules.rule
       and code_risk_switch.label is not null
       and code_risk_switch.recorded_by is not null
       and (code_risk_switch.valid_from is null or code_risk_switch.valid_from <= risk_fact.predicted_on)
       and (code_risk_switch.valid_to is null
            or (code_risk_switch.valid_to > risk_fact.predicted_on and code_risk_switch.valid_to > build_context.as_of))
    where rules.gate is null
       or code_risk_switch.rule is not null
),

sums as (
    select
        pack,
        learner_id,
        predicted_on,
        factor,
        coalesce(max(case when holds then points end), 0) as points_low,
        coalesce(max(case when holds or holds is null then points end), 0) as points_high
    from asked
    group by pack, learner_id, predicted_on, factor
),

-- Few rules hold: only they are put in an order.
ranked as (
    select
        pack,
        learner_id,
        predicted_on,
        factor,
        label,
        row_number() over (
            partition by pack, learner_id, predicted_on, factor
            order by points desc nulls last, rule asc nulls last
        ) as place
    from asked
    where holds
),

told as (
    select sums.*, ranked.label as reason
    from sums
    left join ranked
        on ranked.pack = sums.pack
       and ranked.learner_id = sums.learner_id
       and ranked.predicted_on = sums.predicted_on
       and ranked.factor = sums.factor
       and ranked.place = 1
),

final as (
    select
        told.pack,
        told.learner_id,
        told.predicted_on,
        told.factor,
        told.points_low,
        told.points_high,
        told.points_low = told.points_high as is_known,
        case when told.reason is not null and told.points_low < told.points_high
             then concat(told.reason, ' (and more is not known)')
             when told.reason is not null then told.reason
             when told.points_low < told.points_high then concat('Not known: ', code_risk_factor.label)
        end as reason
    from told
    left join code_risk_factor on code_risk_factor.code = told.factor
)

select * from final
