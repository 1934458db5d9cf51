/*
title = "Each score of the end of Year 10 beside what became of its learner, as often as there are ways to read both"
grain = ["pack", "learner_id", "outcome", "basis"]
reads = ["risk_score", "risk_outcome"]
of_many = ["points", "is_flagged"]
[columns]
pack = "The list of rules"
learner_id = "Pseudonym of the learner"
cohort_ay = "The academic year, by its end year, of Year 6"
outcome = "neet: who was not known is left out; neet_or_not_known: they are with the NEET"
basis = "low: what is not known does not hold; high: it does"
points = "The score"
is_positive = "Whether it came about; empty for whoever is left out or was not followed"
is_flagged = "Whether the score is in the red band"
state = "The outcome itself"
*/
with scored as (
    select
        risk_score.pack,
        risk_score.learner_id,
        risk_outcome.cohort_ay,
        risk_outcome.outcome as state,
        readings.basis,
        case readings.basis when 'low' then risk_score.score_low else risk_score.score_high end as points,
        case readings.basis when 'low' then risk_score.band_low else risk_score.band_high end = 'red' as is_flagged
    from risk_score
    inner join risk_outcome
        on risk_outcome.learner_id = risk_score.learner_id
       and year_ends_on(risk_outcome.cohort_ay + 4) = risk_score.predicted_on
    cross join (values ('low'), ('high')) as readings(basis)
),

final as (
    select
        scored.pack,
        scored.learner_id,
        scored.cohort_ay,
        outcomes.outcome,
        scored.basis,
        scored.points,
        case when scored.state = 'neet' then true
             when scored.state = 'not_known' and outcomes.outcome = 'neet_or_not_known' then true
             when scored.state = 'other' then false
        end as is_positive,
        scored.is_flagged,
        scored.state
    from scored
    cross join (values ('neet'), ('neet_or_not_known')) as outcomes(outcome)
)

select * from final
