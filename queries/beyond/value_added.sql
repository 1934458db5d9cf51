/*
title = "Attainment beyond expectation: Ladder-5 against those of the same year who started alike"
grain = ["learner_id"]
reads = ["ladder_result", "cohort_member", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["value_state", "bin", "n_bin", "expected", "value_added", "spread", "t_score", "t_error", "growth_percentile"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ks4_ay = "The academic year, by its end year, of Year 11"
value_state = "known; unknown without a ladder; no_baseline without a key stage 2 score; not_counted, died or left England; too_few where fewer than 30 started alike; no_rule_for_year"
ks2_score = "Mean of reading and maths"
bin = "Group of like starting points: the year's learners in order of score, cut into groups of about 45 so that ties, which stay together, leave 30 in each"
n_bin = "Learners of the group, this one among them"
ladder5 = "What was achieved"
expected = "Mean of the group: the reference is the loaded cohort of the year, not the nation"
value_added = "ladder5 - expected"
spread = "Standard deviation of value added in the year"
t_score = "50 + 10 x value_added / spread, held between 20 and 80"
t_error = "Standard error of the expectation on the same scale, 10 / root of n_bin; what the learner achieved is counted and has none"
growth_percentile = "Share of the group below, ties counting half, in whole per cent: 50 is typical growth"
*/
with rules as (
    select ay, cast(max(case when parameter = 'growth_bin_least' then value end) as bigint) as bin_least
    from policy
    group by ay
),

members as (
    select
        ladder_result.learner_id,
        ladder_result.ks4_ay,
        ladder_result.ladder5,
        ladder_result.in_denominator,
        cohort_member.ks2_score,
        rules.bin_least,
        ladder_result.in_denominator and ladder_result.ladder5 is not null and cohort_member.ks2_score is not null
            and rules.bin_least is not null as is_reference
    from ladder_result
    inner join cohort_member on cohort_member.learner_id = ladder_result.learner_id
    left join rules on rules.ay = ladder_result.ks4_ay
),

placed as (
    select
        learner_id,
        ks4_ay,
        ladder5,
        bin_least,
        rank() over (partition by ks4_ay order by ks2_score asc nulls last) - 1 as n_below,
        count(*) over (partition by ks4_ay) as n_year
    from members
    where is_reference
),

-- Groups are cut half as large again as the least number, so that ties at an edge leave enough on both sides.
binned as (
    select
        learner_id,
        ks4_ay,
        ladder5,
        bin_least,
        n_year,
        cast(floor(n_below * greatest(floor(2 * n_year / (3 * bin_least)), 1) / n_year) as integer) + 1 as bin
    from placed
),

ranked as (
    select
        *,
        count(*) over (partition by ks4_ay, bin) as n_bin,
        sum(ladder5) over (partition by ks4_ay, bin) as total,
        2 * rank() over (partition by ks4_ay, bin order by ladder5 asc nulls last)
            + count(*) over (partition by ks4_ay, bin, ladder5) - 2 as twice_rank
    from binned
),

valued as (
    select
        *,
        ratio_of(cast(total * 10000 as bigint), 10000 * n_bin) as expected,
        cast(ladder5 - ratio_of(cast(total * 10000 as bigint), 10000 * n_bin) as decimal(9, 4)) as value_added
    from ranked
    where n_bin >= bin_least
),

spreads as (
    select
        ks4_ay,
        case when count(*) > count(distinct bin)
             then sqrt(sum(cast(value_added * value_added as decimal(18, 8))) / (count(*) - count(distinct bin))) end as spread
    from valued
    group by ks4_ay
),

final as (
    select
        members.learner_id,
        members.ks4_ay,
        case when members.bin_least is null then 'no_rule_for_year'
             when members.ladder5 is null then 'unknown'
             when members.ks2_score is null then 'no_baseline'
             when not members.in_denominator then 'not_counted'
             when valued.learner_id is null then 'too_few'
             else 'known'
        end as value_state,
        members.ks2_score,
        valued.bin,
        cast(valued.n_bin as integer) as n_bin,
        members.ladder5,
        valued.expected,
        valued.value_added,
        cast(round(spreads.spread, 4) as decimal(9, 4)) as spread,
        case when spreads.spread > 0
             then cast(round(least(80e0, greatest(20e0, 50e0 + 10e0 * valued.value_added / spreads.spread)), 1) as decimal(9, 1)) end as t_score,
        case when spreads.spread > 0 then cast(round(10e0 / sqrt(valued.n_bin), 1) as decimal(9, 1)) end as t_error,
        cast(floor(100 * valued.twice_rank / (2 * valued.n_bin)) as integer) as growth_percentile
    from members
    left join valued on valued.learner_id = members.learner_id
    left join spreads on spreads.ks4_ay = members.ks4_ay and valued.learner_id is not null
)

select * from final
