/*
title = "What persons made of each risk: the latest review of it"
grain = ["pack", "learner_id", "predicted_on"]
reads = ["risk_score", "stg_risk_review"]
purposes = ["participation"]
published = true
of_many = ["band"]
[columns]
pack = "The list of rules: code_risk_pack"
learner_id = "Pseudonym of the learner, 32 hex characters"
predicted_on = "The day of the prediction that was reviewed"
band = "What was told: red, amber, green or not_known"
decision = "agree, disagree_higher, disagree_lower or cannot_say"
reason = "Why"
action = "What is to be done"
reviewed_by = "Who decided, by role"
reviewed_on = "When"
n_reviews = "How many reviews there were of it"
is_in_time = "Whether it was reviewed before it expired"
*/
-- A review of a risk that was never told, or on a day before it, is of none.
with reviews as (
    select
        stg_risk_review.*,
        row_number() over (
            partition by stg_risk_review.pack, stg_risk_review.learner_id, stg_risk_review.predicted_on
            order by stg_risk_review.reviewed_on desc nulls last, stg_risk_review.decision asc nulls last,
                     stg_risk_review.source asc nulls last, stg_risk_review.row_key asc nulls last
        ) as place,
        count(*) over (
            partition by stg_risk_review.pack, stg_risk_review.learner_id, stg_risk_review.predicted_on
        ) as n_reviews
    from stg_risk_review
    where stg_risk_review.reviewed_on >= stg_risk_review.predicted_on
),

final as (
    select
        risk_score.pack,
        risk_score.learner_id,
        risk_score.predicted_on,
        risk_score.band,
        reviews.decision,
        reviews.reason,
        reviews.action,
        reviews.reviewed_by,
        reviews.reviewed_on,
        cast(reviews.n_reviews as integer) as n_reviews,
        reviews.reviewed_on <= risk_score.expires_on as is_in_time
    from risk_score
    inner join reviews
        on reviews.pack = risk_score.pack
       and reviews.learner_id = risk_score.learner_id
       and reviews.predicted_on = risk_score.predicted_on
       and reviews.place = 1
)

select * from final
