/*
title = "Risk of being NEET after Year 11, with its reasons and what is not known: for somebody's judgement, and to be reviewed"
grain = ["learner_id", "pack"]
reads = ["risk_score", "risk_review", "code_risk_decision", "build_context"]
purposes = ["participation"]
[columns]
learner_id = "Pseudonym of the learner"
pack = "The list of rules"
predicted_on = "The day it was told: write it beside your decision"
year_group = "Year group by age on that day"
band = "red or amber: at least that; green: at most that; not_known: too little is known to say, which is not low"
points = "From so many points, if nothing that is not known holds, to so many if all of it does"
known_factors = "Known factors of so many"
reasons = "What holds, the weightiest first"
not_known = "What is not known"
expires_on = "The last day on which it may be used"
review = "What a person made of it; empty where nobody has looked yet"
reviewed_on = "When"
*/
-- Of each list of rules the latest that has not expired.
with ranked as (
    select
        risk_score.*,
        row_number() over (
            partition by risk_score.learner_id, risk_score.pack
            order by risk_score.predicted_on desc nulls last
        ) as place
    from risk_score
    cross join build_context
    where risk_score.expires_on >= build_context.as_of
),

final as (
    select
        ranked.learner_id,
        ranked.pack,
        ranked.predicted_on,
        ranked.year_group,
        ranked.band,
        concat(cast(ranked.score_low as varchar), ' to ', cast(ranked.score_high as varchar)) as points,
        concat(cast(ranked.n_known as varchar), ' of ', cast(ranked.n_factors as varchar)) as known_factors,
        ranked.reasons,
        ranked.not_known,
        ranked.expires_on,
        code_risk_decision.label as review,
        risk_review.reviewed_on
    from ranked
    left join risk_review
        on risk_review.pack = ranked.pack
       and risk_review.learner_id = ranked.learner_id
       and risk_review.predicted_on = ranked.predicted_on
    left join code_risk_decision on code_risk_decision.code = risk_review.decision
    where ranked.place = 1
)

select * from final
