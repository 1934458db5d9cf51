/*
title = "The audit of each provider and year: thirteen measures, each with what it rests on"
grain = ["establishment_id", "ay", "audit_group", "measure"]
reads = ["ap_answer", "ap_outcome", "ap_median", "ap_registration", "code_ap_measure", "policy"]
purposes = ["research", "ap_commissioning"]
published = true
[columns]
establishment_id = "Provider: URN or site reference; all for every provider together"
ay = "The academic year, by its end year, in which the placements began"
audit_group = "ap; ehcp_named, s61 and managed_move apart"
measure = "Code of the measure, as in the code list ap_measure"
number = "Number of the measure, 1 to 13"
n_placements = "Placements that began in the year: everybody who started"
numerator = "What is counted or added up; empty where nothing is held"
denominator = "Of how many placements, half days, learner-years or returns"
n_missing = "Placements of which it is not known: in neither; of costs those without a price, and those of which it is not known whether they came back and held"
value = "numerator / denominator; for events for each 100 learner-years; for median_days the median"
value_low = "Lower end of its 95% interval, where it has one"
value_high = "Upper end"
light = "green, amber or red by the thresholds of the code list; grey for context, where nothing is known, or from under ten of whom it is known; refer_for_advice is red"
measure_state = "known, nothing_known, not_held where no source of that kind is read, no_rule_for_year, or case_list: the cost of a return of under ten placements of which both are known; ap_funnel has those of three years"
*/
-- Each placement counts at its provider and among all.
with outcomes as (
    select
        ap_outcome.*,
        -- What is still to come has cost money and cannot have held: it would make each return look dearer than it was.
        ap_outcome.sustained_two_terms in ('sustained', 'not_sustained', 'not_returned') as is_return_known,
        case levels.level when 1 then ap_outcome.establishment_id else 'all' end as place
    from ap_outcome
    cross join (values (1), (2)) as levels(level)
),

groups as (
    select place, ay, audit_group, count(*) as n_placements
    from outcomes
    group by place, ay, audit_group
),

answers as (
    select
        case levels.level when 1 then ap_answer.establishment_id else 'all' end as place,
        ap_answer.ay,
        ap_answer.audit_group,
        ap_answer.measure,
        count(*) filter (where ap_answer.answer = 'yes') as n_yes,
        count(*) filter (where ap_answer.answer in ('yes', 'no')) as n_known,
        count(ap_answer.amount) as n_amounts,
        count(*) filter (where ap_answer.answer = 'missing' or (ap_answer.answer is null and ap_answer.amount is null)) as n_missing,
        sum(ap_answer.amount) as total,
        sum(cast(ap_answer.amount * ap_answer.amount as decimal(18, 8))) as squares
    from ap_answer
    cross join (values (1), (2)) as levels(level)
    group by case levels.level when 1 then ap_answer.establishment_id else 'all' end, ap_answer.ay, ap_answer.audit_group, ap_answer.measure
),

sums as (
    select
        place,
        ay,
        audit_group,
        count(*) filter (where sessions_offered > 0 and sessions_attended is not null) as n_sessions,
        sum(case when sessions_attended is not null then sessions_offered end) as offered,
        sum(case when sessions_offered is not null then sessions_attended end) as attended,
        sum(cast(sessions_attended as bigint) * sessions_attended) as attended_squared,
        sum(cast(sessions_attended as bigint) * sessions_offered) as attended_offered,
        sum(cast(sessions_offered as bigint) * sessions_offered) as offered_squared,
        sum(suspensions_before) as n_before,
        sum(suspensions_during) as n_during,
        sum(suspensions_after) as n_after,
        365 * count(*) as days_before,
        sum(days) as days_during,
        sum(days_after) as days_after,
        count(*) filter (where is_open) as n_open,
        count(cost) filter (where is_return_known) as n_costs,
        sum(case when is_return_known then cost end) as costs,
        count(*) filter (where cost is not null and sustained_two_terms = 'sustained') as n_paid_returns
    from outcomes
    group by place, ay, audit_group
),

-- Where learners may be full-time at a site that no register describes: of all providers together, how many.
flags as (
    select
        case levels.level when 1 then establishment_id else 'all' end as place,
        ay,
        count(*) filter (where advice = 'refer_for_advice') as n_refer,
        count(*) filter (where advice in ('refer_for_advice', 'none', 'registered')) as n_judged,
        count(*) filter (where advice in ('not_known', 'no_rule_for_year')) as n_not_judged
    from ap_registration
    cross join (values (1), (2)) as levels(level)
    group by case levels.level when 1 then establishment_id else 'all' end, ay
),

rules as (
    select ay, max(value) as would_return_percent
    from policy
    where parameter = 'ap_would_return_percent'
    group by ay
),

framed as (
    select
        groups.place,
        groups.ay,
        groups.audit_group,
        groups.n_placements,
        code_ap_measure.code as measure,
        cast(code_ap_measure.number as integer) as number,
        code_ap_measure.form,
        cast(code_ap_measure.green_from as decimal(9, 4)) as green_from,
        cast(code_ap_measure.amber_from as decimal(9, 4)) as amber_from
    from groups
    cross join code_ap_measure
),

counted as (
    select
        framed.*,
        case when framed.form = 'share' then cast(coalesce(answers.n_yes, 0) as decimal(18, 4))
             when framed.form = 'mean' then cast(answers.total as decimal(18, 4))
             when framed.form = 'ratio' then cast(sums.attended as decimal(18, 4))
             when framed.measure = 'suspensions_before' then cast(sums.n_before as decimal(18, 4))
             when framed.measure = 'suspensions_during' then cast(sums.n_during as decimal(18, 4))
             when framed.measure = 'suspensions_after' then cast(sums.n_after as decimal(18, 4))
             when framed.form = 'flag' then cast(flags.n_refer as decimal(18, 4))
             when framed.form = 'money' then cast(sums.costs as decimal(18, 4))
        end as numerator,
        case when framed.form = 'share' then cast(coalesce(answers.n_known, 0) as decimal(18, 4))
             when framed.form = 'mean' then cast(coalesce(answers.n_amounts, 0) as decimal(18, 4))
             when framed.form = 'ratio' then cast(sums.offered as decimal(18, 4))
             when framed.form = 'median' then cast(framed.n_placements as decimal(18, 4))
             when framed.measure = 'suspensions_before' then ratio_of(sums.days_before, 365)
             when framed.measure = 'suspensions_during' then ratio_of(sums.days_during, 365)
             when framed.measure = 'suspensions_after' then ratio_of(sums.days_after, 365)
             when framed.form = 'flag' then cast(flags.n_judged as decimal(18, 4))
             when framed.measure = 'cost_per_sustained_return' then cast(sums.n_paid_returns as decimal(18, 4))
             when framed.measure = 'cost_per_additional_return'
             then cast(sums.n_paid_returns - rules.would_return_percent * sums.n_costs / 100 as decimal(18, 4))
        end as denominator,
        case when framed.form in ('share', 'mean') then coalesce(answers.n_missing, 0)
             when framed.form = 'ratio' then framed.n_placements - sums.n_sessions
             when framed.form = 'median' or framed.measure = 'suspensions_after' then sums.n_open
             when framed.form = 'flag' then coalesce(flags.n_not_judged, 0)
             when framed.form = 'money' then framed.n_placements - sums.n_costs
             else 0
        end as n_missing,
        answers.n_yes,
        answers.n_known,
        answers.n_amounts,
        answers.total,
        answers.squares,
        ap_median.median_days,
        ratio_half_width(sums.n_sessions, sums.attended, sums.offered, sums.attended_squared, sums.attended_offered, sums.offered_squared) as ratio_width,
        rules.would_return_percent
    from framed
    inner join sums on sums.place = framed.place and sums.ay = framed.ay and sums.audit_group = framed.audit_group
    left join answers
        on answers.place = framed.place
       and answers.ay = framed.ay
       and answers.audit_group = framed.audit_group
       and answers.measure = framed.measure
    left join ap_median
        on ap_median.establishment_id = framed.place
       and ap_median.ay = framed.ay
       and ap_median.audit_group = framed.audit_group
    left join flags on flags.place = framed.place and flags.ay = framed.ay
    left join rules on rules.ay = framed.ay
),

valued as (
    select
        *,
        case when form = 'share' then share_of(n_yes, n_known)
             when form = 'mean' then ratio_of(cast(total * 10000 as bigint), 10000 * n_amounts)
             when form = 'median' then median_days
             when form = 'flag' then share_of(cast(numerator as bigint), cast(denominator as bigint))
             when form = 'events' and denominator > 0 then ratio_of(cast(numerator * 1000000 as bigint), cast(denominator * 10000 as bigint))
             when form = 'ratio' and denominator > 0 then ratio_of(cast(numerator * 10000 as bigint), cast(denominator * 10000 as bigint))
             when form = 'money' and denominator > 0 and n_placements - n_missing >= 10 then cast(round(1e0 * numerator / denominator, 4) as decimal(18, 4))
        end as value,
        case when form = 'share' then wilson_low(n_yes, n_known)
             -- Of what is measured in means a change alone can be less than nothing.
             when measure = 'attendance_change' then total / n_amounts - mean_half_width(n_amounts, total, squares)
             when form = 'mean' and n_amounts > 1 then greatest(0e0, total / n_amounts - mean_half_width(n_amounts, total, squares))
             when form = 'ratio' then greatest(0e0, numerator / denominator - ratio_width)
             when form = 'events' then poisson_low(cast(numerator as integer), denominator)
        end as low,
        case when form = 'share' then wilson_high(n_yes, n_known)
             when form = 'mean' then total / n_amounts + mean_half_width(n_amounts, total, squares)
             when form = 'ratio' and ratio_width is not null then least(1e0, numerator / denominator + ratio_width)
             when form = 'events' then poisson_high(cast(numerator as integer), denominator)
        end as high
    from counted
),

final as (
    select
        place as establishment_id,
        ay,
        audit_group,
        measure,
        number,
        n_placements,
        numerator,
        denominator,
        cast(n_missing as bigint) as n_missing,
        cast(value as decimal(18, 4)) as value,
        cast(round(case when form = 'ratio' and ratio_width is null then null else low end, 4) as decimal(18, 4)) as value_low,
        cast(round(high, 4) as decimal(18, 4)) as value_high,
        case when measure = 'refer_for_advice' and numerator > 0 then 'red'
             when green_from is null or value is null then 'grey'
             when case when form in ('share', 'mean') then denominator else n_placements - n_missing end < 10 then 'grey'
             when value >= green_from then 'green'
             when value >= amber_from then 'amber'
             else 'red'
        end as light,
        case when form = 'not_held' then 'not_held'
             when measure = 'cost_per_additional_return' and would_return_percent is null then 'no_rule_for_year'
             when form = 'money' and value is null and denominator > 0 then 'case_list'
             when value is null then 'nothing_known'
             else 'known'
        end as measure_state
    from valued
)

select * from final
