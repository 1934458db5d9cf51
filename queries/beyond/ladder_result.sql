/*
title = "Ladder-5 of every learner of a finished cohort: what they achieved at any level, by whatever qualification"
grain = ["learner_id"]
reads = ["cohort_member", "cohort_outcome", "ladder_award"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ks4_ay = "The academic year, by its end year, of Year 11: Year 6 and five"
in_denominator = "Has neither died nor left England"
ladder_state = "known; none_passed when every result known is a fail or has none; unknown when no source says how anything ended"
ladder_english = "Points of the best award in English, a GCSE at grade 9 being 9"
ladder_maths = "The same in maths"
ladder_others = "Sum of the best three other subjects, of which combined science is two; all units together are one of them, 0.1 each and 0.5 at most"
ladder5 = "2 x English + 2 x maths + others, 63 at most; 0 when none_passed, empty when unknown"
english_entry = "achieved_2, achieved_1 or achieved_entry by the highest level passed, not_achieved, not_entered, or unknown"
maths_entry = "The same in maths"
n_awards = "Awards passed, units left out; combined science is two"
n_units = "Units and awards outside the framework"
n_without_points = "Awards passed whose size or level nobody says: they count nothing here, and the ladder is a lower bound"
*/
with members as (
    select
        cohort_member.learner_id,
        cast(cohort_member.cohort_ay + 5 as smallint) as ks4_ay,
        cohort_outcome.in_denominator
    from cohort_member
    inner join cohort_outcome on cohort_outcome.learner_id = cohort_member.learner_id
    where cohort_outcome.state <> 'not_yet_16'
),

-- A subject counts once, with its best award of whatever kind.
best_of_subject as (
    select
        learner_id,
        slot,
        subject,
        max(points) as points,
        max(case when awards = 2 then points end) as second_points
    from ladder_award
    where slot <> 'unit'
    group by learner_id, slot, subject
),

unit_sums as (
    select
        learner_id,
        'other' as slot,
        'units' as subject,
        least(sum(points), cast(0.5 as decimal(9, 4))) as points
    from ladder_award
    where slot = 'unit'
      and passed
    group by learner_id
),

candidates as (
    select learner_id, slot, subject, points
    from best_of_subject
    where points is not null
    union all
    select learner_id, slot, subject, second_points as points
    from best_of_subject
    where second_points is not null
    union all
    select learner_id, slot, subject, cast(points as decimal(9, 4)) as points
    from unit_sums
),

ranked as (
    select
        *,
        row_number() over (partition by learner_id, slot order by points desc nulls last, subject asc nulls last) as place
    from candidates
),

slots as (
    select
        learner_id,
        max(case when slot = 'english' and place = 1 then points end) as english,
        max(case when slot = 'maths' and place = 1 then points end) as maths,
        sum(case when slot = 'other' and place <= 3 then points end) as others
    from ranked
    group by learner_id
),

counts as (
    select
        learner_id,
        coalesce(sum(case when passed and slot <> 'unit' then awards end), 0) as n_awards,
        count(*) filter (where passed and slot = 'unit') as n_units,
        count(*) filter (where passed and points is null) as n_without_points,
        count(passed) as n_results,
        max(case when slot = 'english' then case when passed then case rung when '3' then 4 when '2' then 4 when '1' then 3 else 2 end
                                                 when not passed then 1 else 0 end end) as english,
        max(case when slot = 'maths' then case when passed then case rung when '3' then 4 when '2' then 4 when '1' then 3 else 2 end
                                               when not passed then 1 else 0 end end) as maths
    from ladder_award
    group by learner_id
),

final as (
    select
        members.learner_id,
        members.ks4_ay,
        members.in_denominator,
        case when coalesce(counts.n_results, 0) = 0 then 'unknown'
             when counts.n_awards + counts.n_units = 0 then 'none_passed'
             else 'known'
        end as ladder_state,
        case when counts.n_results > 0 then cast(coalesce(slots.english, 0) as decimal(9, 4)) end as ladder_english,
        case when counts.n_results > 0 then cast(coalesce(slots.maths, 0) as decimal(9, 4)) end as ladder_maths,
        case when counts.n_results > 0 then cast(coalesce(slots.others, 0) as decimal(9, 4)) end as ladder_others,
        case when counts.n_results > 0
             then cast(2 * coalesce(slots.english, 0) + 2 * coalesce(slots.maths, 0) + coalesce(slots.others, 0) as decimal(9, 4))
        end as ladder5,
        case when counts.learner_id is null then 'unknown'
             when counts.english = 4 then 'achieved_2' when counts.english = 3 then 'achieved_1'
             when counts.english = 2 then 'achieved_entry' when counts.english = 1 then 'not_achieved'
             when counts.english = 0 then 'unknown' else 'not_entered' end as english_entry,
        case when counts.learner_id is null then 'unknown'
             when counts.maths = 4 then 'achieved_2' when counts.maths = 3 then 'achieved_1'
             when counts.maths = 2 then 'achieved_entry' when counts.maths = 1 then 'not_achieved'
             when counts.maths = 0 then 'unknown' else 'not_entered' end as maths_entry,
        cast(coalesce(counts.n_awards, 0) as integer) as n_awards,
        cast(coalesce(counts.n_units, 0) as integer) as n_units,
        cast(coalesce(counts.n_without_points, 0) as integer) as n_without_points
    from members
    left join counts on counts.learner_id = members.learner_id
    left join slots on slots.learner_id = members.learner_id
)

select * from final
