/*
title = "Every learner of every Year 6 cohort, with the starting point"
grain = ["learner_id"]
reads = ["learner", "y6_place", "ks2_result", "y6_background"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["ks2_band"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
cohort_ay = "The academic year, by its end year, in which the learner is in Year 6 by age"
present_y6 = "Seen in any setting on any day of Year 6"
attending = "At an establishment here on the January census day of Year 6"
resident = "Living here on the January census day of Year 6"
ever_y6_here = "Educated or living here on any day of Year 6"
entry_basis = "school, special, ap, ehe, cme, or late_entrant when not seen in Year 6"
ks2_state = "tested, below_test, one_subject, a reason for no score, covid, not_held, not_held_moved_in or no_rule_for_year"
ks2_score = "Mean of reading and maths; empty unless tested or below_test"
ks2_band = "high: in the top third of the cohort, ties in; other; empty without a score"
dis_y6 = "Disadvantaged in Year 6; empty when not known"
sen_y6 = "plan, support or none in Year 6; empty when not known"
*/
with members as (
    select
        learner.learner_id,
        learner.cohort_ay,
        y6_place.present_y6,
        y6_place.attending,
        y6_place.resident,
        y6_place.ever_y6_here,
        y6_place.entry_basis,
        coalesce(ks2_result.ks2_state, case when y6_place.present_y6 then 'not_held' else 'not_held_moved_in' end) as ks2_state,
        ks2_result.ks2_score,
        y6_background.dis_y6,
        y6_background.sen_y6
    from learner
    inner join y6_place on y6_place.learner_id = learner.learner_id
    inner join ks2_result on ks2_result.learner_id = learner.learner_id
    inner join y6_background on y6_background.learner_id = learner.learner_id
),

-- Everyone with a score is ranked, whatever became of them afterwards. Equal scores share a rank, so a tie at the
-- edge of the top third is in.
ranked_members as (
    select
        *,
        rank() over (partition by cohort_ay order by ks2_score desc nulls last) - 1 as n_above,
        count(ks2_score) over (partition by cohort_ay) as n_scored
    from members
),

final as (
    select
        learner_id,
        cohort_ay,
        present_y6,
        attending,
        resident,
        ever_y6_here,
        entry_basis,
        ks2_state,
        ks2_score,
        case when ks2_score is null then null
             when 3 * n_above < n_scored then 'high'
             else 'other'
        end as ks2_band,
        dis_y6,
        sen_y6
    from ranked_members
)

select * from final
