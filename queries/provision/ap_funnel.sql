/*
title = "Providers beside each other over three years: shown only where there are enough to compare, else the cases speak"
grain = ["establishment_id", "until_ay", "audit_group", "measure"]
reads = ["ap_answer", "ap_outcome", "policy", "school_year"]
purposes = ["research", "ap_commissioning"]
published = true
[columns]
establishment_id = "Provider: URN or site reference"
until_ay = "The last of the three academic years, by its end year, in which the placements began"
audit_group = "ap; ehcp_named, s61 and managed_move apart"
measure = "Share that is compared; cost_per_sustained_return: of placements with a price, the share back and holding after two terms, and what each of those has cost"
n_yes = "Placements that say yes: the numerator"
n_known = "Placements that say yes or no: the denominator"
n_missing = "Placements of which it is not known"
n_learners = "Learners behind n_known"
effective_n = "n_known squared / sum of squares of each learner's placements: placements of one learner do not stand alone"
funnel_state = "shown with at least 30 placements and an effective number of 20; else case_list: read the placements one by one; no_rule_for_year"
share = "n_yes / n_known; empty unless shown"
share_low = "Lower end of its 95% interval, as of effective_n placements"
share_high = "Upper end"
n_all_yes = "Of all providers: placements that say yes"
n_all_known = "Of all providers: yes or no"
share_all = "n_all_yes / n_all_known: the middle of the funnel"
low_95 = "share_all - 1.96 x root of share_all (1 - share_all) / effective_n"
high_95 = "The same above"
low_998 = "The same with 3.09"
high_998 = "The same above"
place_in_funnel = "within, above_95, below_95, above_998 or below_998; empty unless shown. Higher is not always better: see the measure"
costs = "Pounds that the placements of n_known have cost; of cost_per_sustained_return alone, and empty where no price is held"
cost_each = "costs / n_yes: pounds for each return that held; empty unless shown, and where none held"
cost_each_low = "The same at share_high: the lower end, for chance in who returns; prices are taken as they are"
cost_each_high = "The same at share_low: the upper end"
cost_each_all = "Of all providers together: what it is read beside"
*/
-- A return is bought with every placement that was paid for, whether it led to one or not. Who has no price, or of whom it is not
-- known whether the return held, is missing.
with rules as (
    select
        ay,
        max(case when parameter = 'ap_pool_least' then value end) as pool_least,
        max(case when parameter = 'ap_pool_effective_least' then value end) as effective_least
    from policy
    group by ay
),

asked as (
    select establishment_id, ay, audit_group, measure, learner_id, answer, cast(null as decimal(18, 2)) as cost
    from ap_answer
    where answer is not null
    union all
    select
        ap_answer.establishment_id,
        ap_answer.ay,
        ap_answer.audit_group,
        'cost_per_sustained_return' as measure,
        ap_answer.learner_id,
        case when ap_outcome.cost is null then 'missing' else ap_answer.answer end as answer,
        cast(case when ap_answer.answer in ('yes', 'no') then ap_outcome.cost end as decimal(18, 2)) as cost
    from ap_answer
    left join ap_outcome
        on ap_outcome.learner_id = ap_answer.learner_id
       and ap_outcome.placement_no = ap_answer.placement_no
    where ap_answer.measure = 'sustained_two_terms'
      and ap_answer.answer is not null
),

pooled as (
    select
        asked.establishment_id,
        school_year.ay as until_ay,
        asked.audit_group,
        asked.measure,
        asked.learner_id,
        count(*) filter (where asked.answer = 'yes') as n_yes,
        count(*) filter (where asked.answer in ('yes', 'no')) as n_known,
        count(*) filter (where asked.answer = 'missing') as n_missing,
        sum(asked.cost) as costs
    from asked
    inner join school_year
        on school_year.ay >= asked.ay
       and school_year.ay <= asked.ay + 2
    inner join (select max(ay) as last_ay from ap_answer) as lasts on lasts.last_ay >= school_year.ay
    group by asked.establishment_id, school_year.ay, asked.audit_group, asked.measure, asked.learner_id
),

providers as (
    select
        establishment_id,
        until_ay,
        audit_group,
        measure,
        sum(n_yes) as n_yes,
        sum(n_known) as n_known,
        sum(n_missing) as n_missing,
        count(*) filter (where n_known > 0) as n_learners,
        sum(n_known * n_known) as squares,
        sum(costs) as costs
    from pooled
    group by establishment_id, until_ay, audit_group, measure
),

everybody as (
    select until_ay, audit_group, measure, sum(n_yes) as n_yes, sum(n_known) as n_known, sum(costs) as costs
    from providers
    group by until_ay, audit_group, measure
),

judged as (
    select
        providers.*,
        everybody.n_yes as n_all_yes,
        everybody.n_known as n_all_known,
        everybody.costs as all_costs,
        ratio_of(cast(providers.n_known * providers.n_known as bigint), cast(providers.squares as bigint)) as effective_n,
        share_of(everybody.n_yes, everybody.n_known) as share_all,
        case when rules.pool_least is null or rules.effective_least is null then 'no_rule_for_year'
             when providers.n_known >= rules.pool_least
              and providers.n_known * providers.n_known >= rules.effective_least * providers.squares then 'shown'
             else 'case_list'
        end as funnel_state
    from providers
    inner join everybody
        on everybody.until_ay = providers.until_ay
       and everybody.audit_group = providers.audit_group
       and everybody.measure = providers.measure
    left join rules on rules.ay = providers.until_ay
),

widths as (
    select
        *,
        -- Over as many as would tell as much if each stood alone, as the limits are.
        case when squares > 0 then grossed_low(n_yes, n_known, squares) end as own_low,
        case when squares > 0 then grossed_high(n_yes, n_known, squares) end as own_high,
        case when funnel_state = 'shown' then sqrt(1e0 * n_all_yes / n_all_known * (1e0 - 1e0 * n_all_yes / n_all_known) / effective_n) end as error
    from judged
),

final as (
    select
        establishment_id,
        until_ay,
        audit_group,
        measure,
        cast(n_yes as bigint) as n_yes,
        cast(n_known as bigint) as n_known,
        cast(n_missing as bigint) as n_missing,
        n_learners,
        effective_n,
        funnel_state,
        case when funnel_state = 'shown' then share_of(n_yes, n_known) end as share,
        case when funnel_state = 'shown' then own_low end as share_low,
        case when funnel_state = 'shown' then own_high end as share_high,
        cast(n_all_yes as bigint) as n_all_yes,
        cast(n_all_known as bigint) as n_all_known,
        share_all,
        case when error is not null then cast(round(greatest(0e0, share_all - 1.96e0 * error), 4) as decimal(9, 4)) end as low_95,
        case when error is not null then cast(round(least(1e0, share_all + 1.96e0 * error), 4) as decimal(9, 4)) end as high_95,
        case when error is not null then cast(round(greatest(0e0, share_all - 3.09e0 * error), 4) as decimal(9, 4)) end as low_998,
        case when error is not null then cast(round(least(1e0, share_all + 3.09e0 * error), 4) as decimal(9, 4)) end as high_998,
        case when error is null then null
             when share_of(n_yes, n_known) > share_all + 3.09e0 * error then 'above_998'
             when share_of(n_yes, n_known) < share_all - 3.09e0 * error then 'below_998'
             when share_of(n_yes, n_known) > share_all + 1.96e0 * error then 'above_95'
             when share_of(n_yes, n_known) < share_all - 1.96e0 * error then 'below_95'
             else 'within'
        end as place_in_funnel,
        cast(costs as decimal(18, 2)) as costs,
        cast(case when funnel_state = 'shown' and n_yes > 0 then round(1e0 * costs / n_yes, 2) end as decimal(18, 2)) as cost_each,
        cast(case when funnel_state = 'shown' and n_yes > 0 then round(1e0 * costs / n_known / own_high, 2) end as decimal(18, 2)) as cost_each_low,
        cast(case when funnel_state = 'shown' and n_yes > 0 then round(1e0 * costs / n_known / own_low, 2) end as decimal(18, 2)) as cost_each_high,
        cast(case when n_all_yes > 0 then round(1e0 * all_costs / n_all_yes, 2) end as decimal(18, 2)) as cost_each_all
    from widths
)

select * from final
