/*
title = "Attendance before and in provision, beside what happened to learners like them who were not placed"
grain = ["learner_id", "ay"]
reads = ["stg_placement", "code_legal_basis", "absence_learner", "circumstance_year", "learner", "spell", "code_establishment_kind", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["engagement_state", "n_comparators", "comparator_change", "adjusted_change", "spread", "t_score", "t_error"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ay = "The academic year, by its end year, in which the placement began"
engagement_state = "known; not_known without sessions in provision; placed_before, in provision the year before too; no_before without a register then; too_few comparators; no_rule_for_year"
sessions_offered = "Half days offered in provision in the year: of several accounts of one provider the greatest"
sessions_attended = "Of them attended"
attendance_after = "sessions_attended / sessions_offered"
attendance_before = "Share of possible sessions attended in the whole academic year before, over all schools: the same terms one year earlier, which leaves out the weeks before the referral"
change = "attendance_after - attendance_before: it overstates, for a referral follows a trough"
n_comparators = "Learners of the same year, age, sex, needs and six-year meals, not in provision, whose attendance the year before was within five points"
comparator_change = "Mean change of the comparators"
adjusted_change = "change - comparator_change"
spread = "Standard deviation of the change of everybody not in provision that year"
t_score = "50 + 10 x adjusted_change / spread, held between 20 and 80"
t_error = "10 / root of n_comparators: the error of what was to be expected"
*/
with rules as (
    select
        ay,
        max(case when parameter = 'engagement_caliper' then value end) as caliper,
        max(case when parameter = 'engagement_comparators_least' then value end) as comparators_least
    from policy
    group by ay
),

accounts as (
    select
        stg_placement.learner_id,
        stg_placement.establishment_id,
        academic_year(stg_placement.starts_on) as ay,
        stg_placement.source,
        sum(stg_placement.sessions_offered) as offered,
        sum(case when stg_placement.sessions_offered is not null then stg_placement.sessions_attended end) as attended
    from stg_placement
    left join code_legal_basis on code_legal_basis.code = coalesce(stg_placement.legal_basis, 'not_known')
    where coalesce(code_legal_basis.is_ap, 'Y') = 'Y'
    group by stg_placement.learner_id, stg_placement.establishment_id, academic_year(stg_placement.starts_on), stg_placement.source
),

ranked_accounts as (
    select
        *,
        row_number() over (
            partition by learner_id, establishment_id, ay
            order by offered desc nulls last, attended desc nulls last, source asc nulls last
        ) as place
    from accounts
),

placed as (
    select
        learner_id,
        ay,
        sum(case when attended is not null then offered end) as offered,
        sum(case when offered is not null then attended end) as attended
    from ranked_accounts
    where place = 1
    group by learner_id, ay
),

provision_years as (
    select distinct circumstance_year.learner_id, circumstance_year.ay
    from circumstance_year
    inner join spell
        on spell.learner_id = circumstance_year.learner_id
       and spell.starts_on <= year_ends_on(circumstance_year.ay)
       and spell.ends_on >= year_starts_on(circumstance_year.ay)
    inner join code_establishment_kind
        on code_establishment_kind.code = spell.kind
       and code_establishment_kind.family = 'ap'
),

backgrounds as (
    select
        circumstance_year.learner_id,
        circumstance_year.ay,
        circumstance_year.academic_age,
        coalesce(learner.sex, 'not_known') as sex,
        coalesce(circumstance_year.sen, 'not_known') as sen,
        case when circumstance_year.ever6_any then 'yes' when not circumstance_year.ever6_any then 'no' else 'not_known' end as meals
    from circumstance_year
    inner join learner on learner.learner_id = circumstance_year.learner_id
),

-- Whoever has registers in both years and was in provision in neither.
others as (
    select
        backgrounds.*,
        share_of(before_year.sessions_possible - before_year.sessions_absent, before_year.sessions_possible) as before_rate,
        share_of(after_year.sessions_possible - after_year.sessions_absent, after_year.sessions_possible)
            - share_of(before_year.sessions_possible - before_year.sessions_absent, before_year.sessions_possible) as change
    from backgrounds
    inner join absence_learner as before_year
        on before_year.learner_id = backgrounds.learner_id
       and before_year.ay = backgrounds.ay - 1
       and before_year.absence_state = 'known'
       and before_year.enough_sessions
    inner join absence_learner as after_year
        on after_year.learner_id = backgrounds.learner_id
       and after_year.ay = backgrounds.ay
       and after_year.absence_state = 'known'
       and after_year.enough_sessions
    left join provision_years as placed_then
        on placed_then.learner_id = backgrounds.learner_id
       and placed_then.ay = backgrounds.ay
    left join provision_years as placed_before
        on placed_before.learner_id = backgrounds.learner_id
       and placed_before.ay = backgrounds.ay - 1
    where placed_then.learner_id is null
      and placed_before.learner_id is null
),

spreads as (
    select
        ay,
        case when count(*) > 1
             then sqrt(greatest(0e0, (sum(change * change) - sum(change) / count(*) * sum(change)) / (count(*) - 1e0))) end as spread
    from others
    group by ay
),

facts as (
    select
        placed.learner_id,
        placed.ay,
        placed.offered,
        placed.attended,
        share_of(placed.attended, placed.offered) as after_rate,
        case when before_year.absence_state = 'known' and before_year.enough_sessions
             then share_of(before_year.sessions_possible - before_year.sessions_absent, before_year.sessions_possible) end as before_rate,
        placed_before.learner_id is not null as is_placed_before,
        backgrounds.academic_age,
        backgrounds.sex,
        backgrounds.sen,
        backgrounds.meals,
        rules.caliper,
        rules.comparators_least
    from placed
    left join rules on rules.ay = placed.ay
    left join absence_learner as before_year
        on before_year.learner_id = placed.learner_id
       and before_year.ay = placed.ay - 1
    left join provision_years as placed_before
        on placed_before.learner_id = placed.learner_id
       and placed_before.ay = placed.ay - 1
    left join backgrounds
        on backgrounds.learner_id = placed.learner_id
       and backgrounds.ay = placed.ay
),

comparisons as (
    select
        facts.learner_id,
        facts.ay,
        count(*) as n_comparators,
        ratio_of(cast(sum(others.change) * 10000 as bigint), 10000 * count(*)) as comparator_change
    from facts
    inner join others
        on others.ay = facts.ay
       and others.academic_age = facts.academic_age
       and others.sex = facts.sex
       and others.sen = facts.sen
       and others.meals = facts.meals
       and others.before_rate between facts.before_rate - facts.caliper and facts.before_rate + facts.caliper
    group by facts.learner_id, facts.ay
),

judged as (
    select
        facts.*,
        coalesce(comparisons.n_comparators, 0) as n_comparators,
        comparisons.comparator_change,
        spreads.spread,
        case when facts.caliper is null or facts.comparators_least is null then 'no_rule_for_year'
             when facts.after_rate is null then 'not_known'
             when facts.is_placed_before then 'placed_before'
             when facts.before_rate is null then 'no_before'
             when coalesce(comparisons.n_comparators, 0) < facts.comparators_least then 'too_few'
             else 'known'
        end as engagement_state
    from facts
    left join comparisons
        on comparisons.learner_id = facts.learner_id
       and comparisons.ay = facts.ay
    left join spreads on spreads.ay = facts.ay
),

final as (
    select
        learner_id,
        ay,
        engagement_state,
        cast(offered as integer) as sessions_offered,
        cast(attended as integer) as sessions_attended,
        after_rate as attendance_after,
        before_rate as attendance_before,
        cast(case when not is_placed_before then after_rate - before_rate end as decimal(9, 4)) as change,
        cast(n_comparators as integer) as n_comparators,
        case when engagement_state = 'known' then comparator_change end as comparator_change,
        cast(case when engagement_state = 'known' then after_rate - before_rate - comparator_change end as decimal(9, 4)) as adjusted_change,
        cast(round(spread, 4) as decimal(9, 4)) as spread,
        cast(case when engagement_state = 'known' and spread > 0
                  then round(least(80e0, greatest(20e0, 50e0 + 10e0 * (after_rate - before_rate - comparator_change) / spread)), 1) end as decimal(9, 1)) as t_score,
        cast(case when engagement_state = 'known' and spread > 0 then round(10e0 / sqrt(n_comparators), 1) end as decimal(9, 1)) as t_error
    from judged
)

select * from final
