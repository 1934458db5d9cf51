/*
title = "Every fact that a rule of risk may ask for, of each learner on each day of prediction"
grain = ["learner_id", "predicted_on", "fact"]
reads = ["risk_moment", "risk_attendance", "risk_place", "risk_circumstance", "ks2_result", "stg_offer", "code_risk_rule"]
materialise = "view"
[columns]
learner_id = "Pseudonym of the learner"
predicted_on = "The day of the prediction"
fact = "As in code_risk_rule; one that does not apply yet has no row"
holds = "Whether it holds; empty when it is not known"
*/
with known as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        risk_attendance.sessions_absent,
        risk_attendance.sessions_possible,
        risk_place.in_ap,
        risk_place.home_or_missing,
        risk_place.n_suspensions,
        risk_place.sessions_suspended,
        risk_place.excluded,
        risk_place.moves_mid_year,
        case when ks2_result.ks2_state = 'below_test' then true else ks2_result.ks2_score < 100 end as is_ks2_below_100
    from risk_moment
    left join risk_attendance
        on risk_attendance.learner_id = risk_moment.learner_id
       and risk_attendance.predicted_on = risk_moment.predicted_on
       and risk_attendance.sessions_possible > 0
    left join risk_place
        on risk_place.learner_id = risk_moment.learner_id
       and risk_place.predicted_on = risk_moment.predicted_on
    left join ks2_result on ks2_result.learner_id = risk_moment.learner_id
),

told as (
    select
        known.learner_id,
        known.predicted_on,
        facts.fact,
        case facts.fact
            when 'attendance_below_90' then known.sessions_absent * 100 > 10 * known.sessions_possible
            when 'attendance_below_80' then known.sessions_absent * 100 > 20 * known.sessions_possible
            when 'attendance_below_50' then known.sessions_absent * 100 > 50 * known.sessions_possible
            when 'in_ap' then known.in_ap
            when 'home_or_missing' then known.home_or_missing
            when 'suspended' then known.n_suspensions >= 1
            when 'suspended_often' then known.n_suspensions >= 3 or known.sessions_suspended >= 12
            when 'excluded' then known.excluded
            when 'moved_twice' then known.moves_mid_year >= 2
            when 'ks2_below_100' then known.is_ks2_below_100
        end as holds
    from known
    cross join (values ('attendance_below_90'), ('attendance_below_80'), ('attendance_below_50'), ('in_ap'), ('home_or_missing'),
                       ('suspended'), ('suspended_often'), ('excluded'), ('moved_twice'), ('ks2_below_100')) as facts(fact)
),

-- Offers are asked for from 31 March and 31 July of Year 11 on, and only of somebody of a year that lists of offers tell of.
offers as (
    select
        learner_id,
        academic_year(for_year_from) as year_of_place,
        coalesce(offered_on, add_days(for_year_from, -154)) as known_on,
        status <> 'none' as is_application,
        status in ('offered', 'conditional', 'accepted', 'enrolled') or coalesce(guarantee = 'made', false) as is_offer
    from stg_offer
),

offer_years as (
    select year_of_place, min(known_on) as known_since
    from offers
    group by year_of_place
),

offer_facts as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        facts.fact,
        case when max(offer_years.known_since) is null then null
             when facts.fact = 'no_application' then count(*) filter (where offers.is_application) = 0
             else count(*) filter (where offers.is_offer) = 0
        end as holds
    from risk_moment
    inner join (values ('no_application', 3), ('no_offer', 7)) as facts(fact, month_no)
        on month_ends_on(date_of(academic_year(risk_moment.predicted_on), facts.month_no, 1)) <= risk_moment.predicted_on
    left join offer_years
        on offer_years.year_of_place = academic_year(risk_moment.predicted_on) + 1
       and offer_years.known_since <= risk_moment.predicted_on
    left join offers
        on offers.learner_id = risk_moment.learner_id
       and offers.year_of_place = academic_year(risk_moment.predicted_on) + 1
       and offers.known_on <= risk_moment.predicted_on
    where risk_moment.year_group = 11
      and month(risk_moment.predicted_on) between 3 and 8
    group by risk_moment.learner_id, risk_moment.predicted_on, facts.fact
),

-- Whatever no source here tells is not known, not false.
circumstances as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        asked.fact,
        risk_circumstance.holds
    from risk_moment
    cross join (select distinct fact from code_risk_rule) as asked
    left join risk_circumstance
        on risk_circumstance.learner_id = risk_moment.learner_id
       and risk_circumstance.predicted_on = risk_moment.predicted_on
       and risk_circumstance.fact = asked.fact
    left join (values ('attendance_below_90'), ('attendance_below_80'), ('attendance_below_50'), ('in_ap'), ('home_or_missing'),
                      ('suspended'), ('suspended_often'), ('excluded'), ('moved_twice'), ('ks2_below_100'), ('no_application'),
                      ('no_offer')) as elsewhere(fact)
        on elsewhere.fact = asked.fact
    where elsewhere.fact is null
),

final as (
    select learner_id, predicted_on, fact, holds from told
    union all
    select learner_id, predicted_on, fact, holds from offer_facts
    union all
    select learner_id, predicted_on, fact, holds from circumstances
)

select * from final
