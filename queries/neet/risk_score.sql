/*
title = "Risk of being NEET after Year 11, as a range, with its reasons: supports somebody's judgement and triggers nothing"
grain = ["pack", "learner_id", "predicted_on"]
reads = ["risk_factor", "risk_moment", "code_risk_pack", "code_risk_rule", "code_risk_switch", "build_context"]
purposes = ["participation"]
published = true
of_many = ["score_low", "score_high", "band_low", "band_high", "band", "n_known", "n_factors", "reasons", "not_known"]
[columns]
pack = "The list of rules: code_risk_pack"
pack_version = "Its version on the day"
learner_id = "Pseudonym of the learner, 32 hex characters"
predicted_on = "The day of the prediction: nothing dated after it is used"
year_group = "Year group by age on that day"
score_low = "Points if nothing that is not known holds"
score_high = "Points if everything that is not known holds"
band_low = "green, amber or red by score_low"
band_high = "The same by score_high"
band = "amber or red: at least that, whatever is not known; green: at most that; else not_known, for who is not known is not at low risk"
n_known = "Factors that are known"
n_factors = "Factors that were asked: known factors of so many"
n_rules_off = "Rules left out because no condition is recorded under which they may be used, or it holds no longer"
reasons = "What holds, in words, the weightiest first; empty where nothing does"
not_known = "Factors that are not known, in words"
expires_on = "The last day on which it may be used"
is_expired = "Whether that day is over"
*/
with added as (
    select
        pack,
        learner_id,
        predicted_on,
        sum(points_low) as score_low,
        sum(points_high) as score_high,
        count(*) filter (where is_known) as n_known,
        count(*) as n_factors
    from risk_factor
    group by pack, learner_id, predicted_on
),

-- Only what has a reason is put into words: of most factors it is known that nothing holds.
placed as (
    select
        *,
        row_number() over (
            partition by pack, learner_id, predicted_on
            order by points_low desc nulls last, factor asc nulls last
        ) as place
    from risk_factor
    where reason is not null
),

words as (
    select
        pack,
        learner_id,
        predicted_on,
        texts_in_order(case when points_low > 0 then reason end, place) as reasons,
        texts_in_order(case when points_low = 0 and not is_known then reason end, place) as not_known
    from placed
    group by pack, learner_id, predicted_on
),

sums as (
    select added.*, words.reasons, words.not_known
    from added
    left join words
        on words.pack = added.pack
       and words.learner_id = added.learner_id
       and words.predicted_on = added.predicted_on
),

gated as (
    select
        code_risk_rule.pack,
        risk_days.predicted_on,
        count(*) filter (where code_risk_switch.rule is null) as n_rules_off
    from (select distinct predicted_on from risk_moment) as risk_days
    cross join build_context
    inner join code_risk_rule
        on code_risk_rule.gate is not null
       and (code_risk_rule.valid_from is null or code_risk_rule.valid_from <= risk_days.predicted_on)
       and (code_risk_rule.valid_to is null or code_risk_rule.valid_to > risk_days.predicted_on)
    left join code_risk_switch
        on code_risk_switch.rule = code_risk_rule.code
       and code_risk_switch.label is not null
       and code_risk_switch.recorded_by is not null
       and (code_risk_switch.valid_from is null or code_risk_switch.valid_from <= risk_days.predicted_on)
       and (code_risk_switch.valid_to is null
            or (code_risk_switch.valid_to > risk_days.predicted_on and code_risk_switch.valid_to > build_context.as_of))
    group by code_risk_rule.pack, risk_days.predicted_on
),

banded as (
    select
        sums.*,
        code_risk_pack.version,
        case when sums.score_low >= cast(code_risk_pack.red_from as integer) then 'red'
             when sums.score_low >= cast(code_risk_pack.amber_from as integer) then 'amber'
             else 'green' end as band_low,
        case when sums.score_high >= cast(code_risk_pack.red_from as integer) then 'red'
             when sums.score_high >= cast(code_risk_pack.amber_from as integer) then 'amber'
             else 'green' end as band_high,
        add_days(sums.predicted_on, cast(code_risk_pack.expires_after_days as integer)) as expires_on
    from sums
    inner join code_risk_pack
        on code_risk_pack.code = sums.pack
       and (code_risk_pack.valid_from is null or code_risk_pack.valid_from <= sums.predicted_on)
       and (code_risk_pack.valid_to is null or code_risk_pack.valid_to > sums.predicted_on)
),

final as (
    select
        banded.pack,
        banded.version as pack_version,
        banded.learner_id,
        banded.predicted_on,
        risk_moment.year_group,
        cast(banded.score_low as integer) as score_low,
        cast(banded.score_high as integer) as score_high,
        banded.band_low,
        banded.band_high,
        case when banded.band_low <> 'green' or banded.band_high = 'green' then banded.band_low else 'not_known' end as band,
        cast(banded.n_known as integer) as n_known,
        cast(banded.n_factors as integer) as n_factors,
        cast(coalesce(gated.n_rules_off, 0) as integer) as n_rules_off,
        banded.reasons,
        banded.not_known,
        banded.expires_on,
        build_context.as_of > banded.expires_on as is_expired
    from banded
    cross join build_context
    inner join risk_moment
        on risk_moment.learner_id = banded.learner_id
       and risk_moment.predicted_on = banded.predicted_on
    left join gated
        on gated.pack = banded.pack
       and gated.predicted_on = banded.predicted_on
)

select * from final
