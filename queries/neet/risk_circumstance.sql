/*
title = "Circumstances of each learner as they could be known on a day of prediction"
grain = ["learner_id", "predicted_on", "fact"]
reads = ["risk_moment", "stg_circumstance", "stg_sen", "code_sen_provision"]
[columns]
learner_id = "Pseudonym of the learner"
predicted_on = "The day of the prediction"
fact = "As in code_risk_rule"
holds = "Whether it holds; a fact of which nobody says anything has no row"
*/
with kinds as (
    select *
    from (values ('cla', 'looked_after', 365), ('cin', 'in_need', 730), ('cp', 'in_need', 730),
                 ('youth_justice', 'youth_justice', 365), ('custody', 'custody', 365), ('parent', 'parent', 365),
                 ('pregnant', 'pregnant', 365), ('young_carer', 'young_carer', 365),
                 ('fsm6', 'fsm6', 365), ('fsm', 'fsm6', 2190)) as known(kind, fact, days_back)
),

-- A row is known from the day on which it was seen to be true; a spell without such a day from its start.
statements as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        stg_circumstance.kind,
        kinds.fact,
        stg_circumstance.value,
        coalesce(stg_circumstance.observed_on, stg_circumstance.starts_on) as known_on,
        case when stg_circumstance.observed_on is not null and stg_circumstance.starts_on is null then stg_circumstance.observed_on
             else least(coalesce(stg_circumstance.ends_on, stg_circumstance.observed_on, risk_moment.predicted_on),
                        risk_moment.predicted_on)
        end as last_day,
        kinds.days_back
    from risk_moment
    inner join stg_circumstance on stg_circumstance.learner_id = risk_moment.learner_id
    inner join kinds on kinds.kind = stg_circumstance.kind
    where coalesce(stg_circumstance.observed_on, stg_circumstance.starts_on) <= risk_moment.predicted_on
),

-- Yes from anybody is yes.
said as (
    select
        learner_id,
        predicted_on,
        fact,
        count(*) filter (where value = 'Y') > 0 as holds
    from statements
    where value in ('Y', 'N')
      and last_day > add_days(predicted_on, -days_back)
    group by learner_id, predicted_on, fact
),

-- Four of five counts, when at least six were made: a term of a day, seen once however often it is said.
terms as (
    select
        learner_id,
        predicted_on,
        academic_year(known_on) as ay,
        case when month(known_on) >= 9 then 1 when month(known_on) <= 3 then 2 else 3 end as term,
        max(case when value = 'Y' then 1 else 0 end) as has_meals
    from statements
    where kind = 'fsm'
      and value in ('Y', 'N')
    group by learner_id, predicted_on, academic_year(known_on),
             case when month(known_on) >= 9 then 1 when month(known_on) <= 3 then 2 else 3 end
),

persistence as (
    select
        learner_id,
        predicted_on,
        'fsm_persistent' as fact,
        sum(has_meals) * 100 >= 80 * count(*) as holds
    from terms
    group by learner_id, predicted_on
    having count(*) >= 6
),

-- Without any meals in six years there were none at four of five counts either, however few were made.
meals_facts as (
    select learner_id, predicted_on, fact, holds
    from persistence
    union all
    select said.learner_id, said.predicted_on, 'fsm_persistent' as fact, false as holds
    from said
    left join persistence
        on persistence.learner_id = said.learner_id
       and persistence.predicted_on = said.predicted_on
    where said.fact = 'fsm6'
      and not said.holds
      and persistence.learner_id is null
),

-- Of the year before, the most that was observed.
needs as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        max(case code_sen_provision.level when 'plan' then 3 when 'support' then 2 when 'none' then 1 end) as greatest,
        count(*) filter (where code_sen_provision.level = 'plan' and stg_sen.primary_need = 'SEMH') as n_semh,
        count(*) filter (where code_sen_provision.level = 'plan' and stg_sen.primary_need is not null) as n_with_need
    from risk_moment
    inner join stg_sen
        on stg_sen.learner_id = risk_moment.learner_id
       and stg_sen.observed_on <= risk_moment.predicted_on
       and stg_sen.observed_on > add_days(risk_moment.predicted_on, -365)
    inner join code_sen_provision
        on code_sen_provision.code = stg_sen.provision
       and (code_sen_provision.valid_from is null or code_sen_provision.valid_from <= stg_sen.observed_on)
       and (code_sen_provision.valid_to is null or code_sen_provision.valid_to > stg_sen.observed_on)
    group by risk_moment.learner_id, risk_moment.predicted_on
),

need_facts as (
    select
        needs.learner_id,
        needs.predicted_on,
        facts.fact,
        case facts.fact
            when 'sen_support' then needs.greatest = 2
            when 'sen_plan' then needs.greatest = 3
            else case when needs.greatest < 3 then false
                      when needs.n_semh > 0 then true
                      when needs.n_with_need > 0 then false end
        end as holds
    from needs
    cross join (values ('sen_support'), ('sen_plan'), ('sen_plan_semh')) as facts(fact)
),

-- A first language has no date: a row without a day says it too.
languages as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        'eal' as fact,
        count(*) filter (where stg_circumstance.value = 'Y') > 0 as holds
    from risk_moment
    inner join stg_circumstance
        on stg_circumstance.learner_id = risk_moment.learner_id
       and stg_circumstance.kind = 'eal'
       and stg_circumstance.value in ('Y', 'N')
       and (coalesce(stg_circumstance.observed_on, stg_circumstance.starts_on) <= risk_moment.predicted_on
            or coalesce(stg_circumstance.observed_on, stg_circumstance.starts_on) is null)
    group by risk_moment.learner_id, risk_moment.predicted_on
),

final as (
    select learner_id, predicted_on, fact, holds from said
    union all
    select learner_id, predicted_on, fact, holds from meals_facts
    union all
    select learner_id, predicted_on, fact, holds from need_facts where holds is not null
    union all
    select learner_id, predicted_on, fact, holds from languages
)

select * from final
