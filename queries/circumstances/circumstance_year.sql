/*
title = "Circumstances of each learner in each year, as at the January census: meals, care, needs, language, changes of school"
grain = ["learner_id", "ay"]
reads = ["learner_year", "fsm_history", "care_history", "sen_history", "mobility_year", "policy"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ay = "The academic year, by its end year"
academic_age = "Age on 31 August at the start of the year; empty without a birth month"
attending = "At an establishment here on the January census day"
resident = "Living here on that day"
kind = "Kind of establishment of that day; not_known in a gap or where nobody says"
fsm = "Eligible for and claiming free meals in the spring term; empty when nobody says"
ever6_any = "Meals on any termly count within 18 terms up to this spring, on whatever basis; empty when nobody says anything of them"
ever6_legacy = "The same by the rules before September 2026: the one to draw a trend with; empty when the basis of the only meals is not known"
ever6_terms_observed = "Of the 18 terms, how many anybody saw"
terms_observed = "Terms up to this spring in which anybody says whether there were meals"
terms_fsm = "Of them with meals"
fsm_share = "terms_fsm / terms_observed: share of the time seen; empty where spells are all that is told of meals"
fsm_band = "never, under_40, 40_to_79, 80_to_99 or always; empty without a share"
persistent = "Meals in at least 80% of the terms seen; empty without a share, and when fewer than 6 were seen"
terms_since_fsm = "Terms since the last one with meals: 0 is this spring; empty when none was seen"
cla = "Looked after in the year; empty when nobody says"
cla_ever = "Looked after in this or an earlier year seen"
left_care = "Left care for permanence in this or an earlier year seen"
in_need_ever = "A child in need or on a protection plan in this or an earlier year seen; empty when no such list is held for the learner"
disadvantaged = "Meals in six years, looked after in the year, or left care for permanence; empty when not known"
ddi_low = "Continuous index from 0 to 1, at least: place, which is not held, and care where not known, count nothing"
ddi_high = "The same at most: place, and care where not known, count in full"
sen = "plan, support or none: the most observed in the year; empty when nobody says"
sen_ever = "The most observed in this or an earlier year"
sen_years = "Years observed with support or a plan"
sen_years_observed = "Years in which anybody says"
eal = "First language other than English, by any row of any date; empty when nobody says"
moves = "Changes of school in the year"
moves_mid_year = "Of them those that did not begin in August or September"
moves_mid_year_since_y7 = "Mid-year changes from the start of Year 7 to this year"
same_school_since_y7 = "In Year 11 and on a roll: on the roll of the same school in January of Year 7; a conversion stays the same school"
same_school_since_y10 = "The same, since Year 10"
*/
with weights as (
    select
        ay,
        cast(10000 * max(case when parameter = 'ddi_weight_share' then value end) as bigint) as of_share,
        cast(10000 * max(case when parameter = 'ddi_weight_recency' then value end) as bigint) as of_recency,
        cast(10000 * max(case when parameter = 'ddi_weight_place' then value end) as bigint) as of_place,
        cast(10000 * max(case when parameter = 'ddi_weight_care' then value end) as bigint) as of_care,
        cast(max(case when parameter = 'ever6_terms' then value end) as bigint) as window_terms
    from policy
    group by ay
),

joined as (
    select
        learner_year.learner_id,
        learner_year.ay,
        learner_year.academic_age,
        learner_year.attending,
        learner_year.resident,
        learner_year.kind,
        fsm_history.fsm,
        fsm_history.ever6_any,
        fsm_history.ever6_legacy,
        fsm_history.ever6_terms_observed,
        fsm_history.terms_observed,
        fsm_history.terms_fsm,
        fsm_history.fsm_share,
        fsm_history.fsm_band,
        fsm_history.persistent,
        fsm_history.terms_since_fsm,
        care_history.cla,
        care_history.cla_ever,
        care_history.left_care,
        care_history.in_need_ever,
        care_history.eal,
        sen_history.sen,
        sen_history.sen_ever,
        sen_history.sen_years,
        sen_history.sen_years_observed,
        mobility_year.moves,
        mobility_year.moves_mid_year,
        mobility_year.moves_mid_year_since_y7,
        mobility_year.same_school_since_y7,
        mobility_year.same_school_since_y10,
        -- One when meals are now, down to nothing at the end of the window, in whole terms.
        greatest(weights.window_terms - coalesce(fsm_history.terms_since_fsm, weights.window_terms), 0) as recent_terms,
        case when care_history.cla_ever or care_history.in_need_ever then 1 else 0 end as care_low,
        case when care_history.cla_ever or care_history.in_need_ever then 1
             when care_history.cla_ever is null or care_history.in_need_ever is null then 1
             else 0
        end as care_high,
        weights.of_share,
        weights.of_recency,
        weights.of_place,
        weights.of_care,
        weights.window_terms
    from learner_year
    inner join fsm_history
        on fsm_history.learner_id = learner_year.learner_id
       and fsm_history.ay = learner_year.ay
    inner join care_history
        on care_history.learner_id = learner_year.learner_id
       and care_history.ay = learner_year.ay
    inner join sen_history
        on sen_history.learner_id = learner_year.learner_id
       and sen_history.ay = learner_year.ay
    inner join mobility_year
        on mobility_year.learner_id = learner_year.learner_id
       and mobility_year.ay = learner_year.ay
    left join weights on weights.ay = learner_year.ay
),

-- Everything over one denominator (terms seen times window), so that nothing is rounded before the end.
indexed as (
    select
        *,
        of_share * terms_fsm * window_terms + of_recency * recent_terms * terms_observed as from_meals,
        case when fsm_share is not null then terms_observed * window_terms end as whole
    from joined
),

final as (
    select
        learner_id,
        ay,
        academic_age,
        attending,
        resident,
        kind,
        fsm,
        ever6_any,
        ever6_legacy,
        ever6_terms_observed,
        terms_observed,
        terms_fsm,
        fsm_share,
        fsm_band,
        persistent,
        terms_since_fsm,
        cla,
        cla_ever,
        left_care,
        in_need_ever,
        case when ever6_any or cla or left_care then true
             when not ever6_any then false
        end as disadvantaged,
        share_of(cast(from_meals + of_care * care_low * whole as bigint), cast(10000 * whole as bigint)) as ddi_low,
        share_of(cast(from_meals + (of_place + of_care * care_high) * whole as bigint), cast(10000 * whole as bigint)) as ddi_high,
        sen,
        sen_ever,
        sen_years,
        sen_years_observed,
        eal,
        moves,
        moves_mid_year,
        moves_mid_year_since_y7,
        same_school_since_y7,
        same_school_since_y10
    from indexed
)

select * from final
