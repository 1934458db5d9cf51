/*
title = "Learners with the same factors at the end of Year 10, and what became of them: what models of risk are fitted on and tested by"
grain = ["pack", "cohort_ay", "pattern"]
reads = ["risk_factor", "risk_tested"]
[columns]
pack = "The list of rules, whose factors are the predictors"
cohort_ay = "The academic year, by its end year, of Year 6"
pattern = "Each factor with its points, at least and at most: those that are switched off are not among them"
n_neet = "Learners who came to be NEET"
n_not_known = "Learners who came to be not known"
n_other = "Learners who did something else"
*/
with factors as (
    select
        risk_factor.pack,
        risk_factor.learner_id,
        risk_tested.cohort_ay,
        risk_tested.state,
        concat(risk_factor.factor, ':', risk_factor.points_low, ':', risk_factor.points_high) as word,
        row_number() over (
            partition by risk_factor.pack, risk_factor.learner_id order by risk_factor.factor asc nulls last
        ) as place
    from risk_factor
    inner join risk_tested
        on risk_tested.pack = risk_factor.pack
       and risk_tested.learner_id = risk_factor.learner_id
       and year_ends_on(risk_tested.cohort_ay + 4) = risk_factor.predicted_on
       and risk_tested.outcome = 'neet'
       and risk_tested.basis = 'low'
    where risk_tested.state in ('neet', 'not_known', 'other')
),

learners as (
    select pack, learner_id, cohort_ay, state, texts_in_order(word, place) as pattern
    from factors
    group by pack, learner_id, cohort_ay, state
),

final as (
    select
        pack,
        cohort_ay,
        pattern,
        count(*) filter (where state = 'neet') as n_neet,
        count(*) filter (where state = 'not_known') as n_not_known,
        count(*) filter (where state = 'other') as n_other
    from learners
    group by pack, cohort_ay, pattern
)

select * from final
