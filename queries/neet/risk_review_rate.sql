/*
title = "How many risks a person looked at, and how often that person disagreed"
grain = ["pack", "predicted_on", "band"]
reads = ["risk_score", "risk_review"]
purposes = ["participation"]
published = true
[columns]
pack = "The list of rules: code_risk_pack"
predicted_on = "The day of the prediction"
band = "What was told: red, amber, green or not_known; all"
n_scores = "Learners who were told it"
n_reviewed = "Of them reviewed in time"
n_missing = "n_scores - n_reviewed: of whom no person said anything in time"
n_late = "Reviewed after it had expired"
n_expired = "Expired, and never reviewed"
n_agreed = "Of those reviewed in time agreed with"
n_higher = "Said to be at more risk"
n_lower = "Said to be at less"
n_cannot_say = "Of whom the person could not say"
n_acted = "Reviewed in time with something to be done"
reviewed_rate = "n_reviewed / n_scores"
reviewed_low = "Lower end of its 95% interval"
reviewed_high = "Upper end"
disagreed_rate = "(n_higher + n_lower) / (n_reviewed - n_cannot_say)"
disagreed_low = "Lower end of its 95% interval"
disagreed_high = "Upper end"
*/
-- Population: everybody to whom this list of rules told a risk on that day, as risk_score has them.
with scores as (
    select
        risk_score.pack,
        risk_score.predicted_on,
        case bands.which when 'all' then 'all' else risk_score.band end as band,
        risk_score.is_expired,
        risk_review.is_in_time,
        risk_review.decision,
        risk_review.action
    from risk_score
    cross join (values ('all'), ('one')) as bands(which)
    left join risk_review
        on risk_review.pack = risk_score.pack
       and risk_review.learner_id = risk_score.learner_id
       and risk_review.predicted_on = risk_score.predicted_on
),

counts as (
    select
        pack,
        predicted_on,
        band,
        count(*) as n_scores,
        count(*) filter (where is_in_time) as n_reviewed,
        count(*) filter (where not is_in_time) as n_late,
        count(*) filter (where is_in_time is null and is_expired) as n_expired,
        count(*) filter (where is_in_time and decision = 'agree') as n_agreed,
        count(*) filter (where is_in_time and decision = 'disagree_higher') as n_higher,
        count(*) filter (where is_in_time and decision = 'disagree_lower') as n_lower,
        count(*) filter (where is_in_time and decision = 'cannot_say') as n_cannot_say,
        count(*) filter (where is_in_time and action <> 'none') as n_acted
    from scores
    group by pack, predicted_on, band
),

final as (
    select
        pack,
        predicted_on,
        band,
        n_scores,
        n_reviewed,
        n_scores - n_reviewed as n_missing,
        n_late,
        n_expired,
        n_agreed,
        n_higher,
        n_lower,
        n_cannot_say,
        n_acted,
        share_of(n_reviewed, n_scores) as reviewed_rate,
        wilson_low(n_reviewed, n_scores) as reviewed_low,
        wilson_high(n_reviewed, n_scores) as reviewed_high,
        share_of(n_higher + n_lower, n_reviewed - n_cannot_say) as disagreed_rate,
        wilson_low(n_higher + n_lower, n_reviewed - n_cannot_say) as disagreed_low,
        wilson_high(n_higher + n_lower, n_reviewed - n_cannot_say) as disagreed_high
    from counts
)

select * from final
