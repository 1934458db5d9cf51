/*
title = "Where each learner started: the key stage 2 score, whose word it is, and what else was said"
grain = ["learner_id"]
reads = ["cohort_member", "ks2_row"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
cohort_ay = "The academic year, by its end year, of Year 6"
ks2_state = "As in cohort_member: not_held_moved_in is a state of its own"
ks2_score = "Mean of reading and maths; empty unless tested or below_test"
ks4_prior_band = "low below 100, middle below 110, high: bands of prior attainment; empty without a score"
baseline_source = "national, ks4_prior, ctf or mis: the weaker of the two subjects' sources; none where no row was taken"
n_rows_passed_over = "Rows of other sources or versions that were not taken"
n_conflicts = "Of them those that say another status or score than the row that stands"
*/
with standing as (
    select
        learner_id,
        subject,
        status,
        score,
        baseline_source,
        case baseline_source when 'national' then 1 when 'ks4_prior' then 2 when 'ctf' then 3 else 4 end as weakness
    from ks2_row
    where place = 1
),

passed_over as (
    select
        ks2_row.learner_id,
        count(*) as n_rows,
        count(*) filter (where ks2_row.status is distinct from standing.status
                            or ks2_row.score is distinct from standing.score) as n_conflicts
    from ks2_row
    inner join standing
        on standing.learner_id = ks2_row.learner_id
       and standing.subject = ks2_row.subject
    where ks2_row.place > 1
    group by ks2_row.learner_id
),

sources as (
    select learner_id, max(weakness) as weakness
    from standing
    group by learner_id
),

final as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        cohort_member.ks2_state,
        cohort_member.ks2_score,
        case when cohort_member.ks2_score < 100 then 'low'
             when cohort_member.ks2_score < 110 then 'middle'
             when cohort_member.ks2_score is not null then 'high'
        end as ks4_prior_band,
        case when cohort_member.ks2_state in ('covid', 'no_rule_for_year') then 'none'
             when sources.weakness = 1 then 'national'
             when sources.weakness = 2 then 'ks4_prior'
             when sources.weakness = 3 then 'ctf'
             when sources.weakness = 4 then 'mis'
             else 'none'
        end as baseline_source,
        cast(coalesce(passed_over.n_rows, 0) as integer) as n_rows_passed_over,
        cast(coalesce(passed_over.n_conflicts, 0) as integer) as n_conflicts
    from cohort_member
    left join sources on sources.learner_id = cohort_member.learner_id
    left join passed_over on passed_over.learner_id = cohort_member.learner_id
)

select * from final
