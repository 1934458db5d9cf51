/*
title = "Disadvantage and special educational needs as observed in Year 6"
grain = ["learner_id"]
reads = ["learner", "stg_circumstance", "fsm_term", "stg_sen", "code_sen_provision", "policy"]
[columns]
learner_id = "Pseudonym of the learner"
dis_y6 = "Free school meals in six years, by a source that says so or by the terms up to the spring, or looked after; empty when nobody said"
sen_y6 = "plan, support or none; empty when nobody said"
*/
-- A live record has no day, so it says nothing about Year 6.
with circumstances as (
    select
        stg_circumstance.learner_id,
        count(*) filter (where stg_circumstance.value = 'Y') as n_yes,
        count(*) filter (where stg_circumstance.kind = 'fsm6' and stg_circumstance.value = 'N') as n_no_meals
    from stg_circumstance
    inner join learner on learner.learner_id = stg_circumstance.learner_id
    where stg_circumstance.kind in ('fsm6', 'cla')
      and academic_year(stg_circumstance.observed_on) = learner.cohort_ay
    group by stg_circumstance.learner_id
),

rules as (
    select ay, max(value) as window_terms
    from policy
    where parameter = 'ever6_terms'
    group by ay
),

-- Many sources tell of meals term by term and none of six years together: provision, transfer files, most registers.
meals as (
    select
        learner.learner_id,
        count(*) filter (where fsm_term.fsm) as n_yes,
        count(*) as n_terms
    from learner
    inner join rules on rules.ay = learner.cohort_ay
    inner join fsm_term
        on fsm_term.learner_id = learner.learner_id
       and fsm_term.term_no <= learner.cohort_ay * 3 + 2
       and fsm_term.term_no > learner.cohort_ay * 3 + 2 - rules.window_terms
    group by learner.learner_id
),

provision as (
    select
        stg_sen.learner_id,
        max(case code_sen_provision.level when 'plan' then 3 when 'support' then 2 when 'none' then 1 end) as greatest
    from stg_sen
    inner join learner on learner.learner_id = stg_sen.learner_id
    inner join code_sen_provision
        on code_sen_provision.code = stg_sen.provision
       and (code_sen_provision.valid_from is null or code_sen_provision.valid_from <= stg_sen.observed_on)
       and (code_sen_provision.valid_to is null or code_sen_provision.valid_to > stg_sen.observed_on)
    where academic_year(stg_sen.observed_on) = learner.cohort_ay
    group by stg_sen.learner_id
),

final as (
    select
        learner.learner_id,
        case when circumstances.n_yes > 0 or meals.n_yes > 0 then true
             when circumstances.n_no_meals > 0 or meals.n_terms > 0 then false
        end as dis_y6,
        case provision.greatest when 3 then 'plan' when 2 then 'support' when 1 then 'none' end as sen_y6
    from learner
    left join circumstances on circumstances.learner_id = learner.learner_id
    left join meals on meals.learner_id = learner.learner_id
    left join provision on provision.learner_id = learner.learner_id
    where learner.cohort_ay is not null
)

select * from final
