/*
title = "Attainment 8: maths and English doubled, the best of the EBacc slots, the best of the open slots"
grain = ["learner_id", "reading"]
reads = ["ks4_entry", "policy"]
[columns]
learner_id = "Pseudonym of the learner; only learners with a result that counts"
reading = "best or first entry of each subject"
attainment8 = "Points; empty for a year whose slots the policy does not know"
n_without_points = "Results that the scale of the year has no points for: they fill no slot"
*/
with rules as (
    select
        ay,
        cast(max(case when parameter = 'attainment8_slots_ebacc' then value end) as integer) as slots_ebacc,
        cast(max(case when parameter = 'attainment8_slots_open' then value end) as integer) as slots_open,
        cast(max(case when parameter = 'attainment8_weight_english' then value end) as integer) as weight_english,
        cast(max(case when parameter = 'attainment8_weight_maths' then value end) as integer) as weight_maths
    from policy
    group by ay
),

-- Combined science is two results of one grade.
results as (
    select
        ks4_entry.learner_id,
        ks4_entry.ks4_ay,
        ks4_entry.reading,
        ks4_entry.kind,
        ks4_entry.subject,
        ks4_entry.element,
        ks4_entry.points,
        halves.half,
        row_number() over (
            partition by ks4_entry.learner_id, ks4_entry.reading, ks4_entry.element
            order by ks4_entry.points desc nulls last, ks4_entry.subject asc nulls last, ks4_entry.kind asc nulls last,
                     halves.half asc nulls last
        ) as place_in_element
    from ks4_entry
    inner join (values (1), (2)) as halves(half) on halves.half <= ks4_entry.awards
),

-- English counts double only for who took language and literature; the other of the two may stand in an open slot.
elements as (
    select
        learner_id,
        ks4_ay,
        reading,
        max(case when element = 'english' then points end) as english_points,
        count(distinct case when subject in ('english_language', 'english_literature') and element = 'english' then subject end) as n_english,
        max(case when element = 'maths' then points end) as maths_points,
        count(*) filter (where points is null and half = 1) as n_without_points
    from results
    group by learner_id, ks4_ay, reading
),

open_candidates as (
    select
        results.learner_id,
        results.reading,
        results.points,
        row_number() over (
            partition by results.learner_id, results.reading
            order by results.points desc nulls last, results.subject asc nulls last, results.kind asc nulls last,
                     results.half asc nulls last
        ) as place
    from results
    left join rules on rules.ay = results.ks4_ay
    where results.element = 'open'
       or (results.element = 'ebacc' and results.place_in_element > rules.slots_ebacc)
       or (results.element = 'english' and results.place_in_element > 1)
),

ebacc_sums as (
    select results.learner_id, results.reading, sum(results.points) as points
    from results
    inner join rules on rules.ay = results.ks4_ay
    where results.element = 'ebacc'
      and results.place_in_element <= rules.slots_ebacc
    group by results.learner_id, results.reading
),

open_sums as (
    select open_candidates.learner_id, open_candidates.reading, sum(open_candidates.points) as points
    from open_candidates
    inner join elements
        on elements.learner_id = open_candidates.learner_id
       and elements.reading = open_candidates.reading
    inner join rules on rules.ay = elements.ks4_ay
    where open_candidates.place <= rules.slots_open
    group by open_candidates.learner_id, open_candidates.reading
),

final as (
    select
        elements.learner_id,
        elements.ks4_ay,
        elements.reading,
        cast(case when rules.slots_ebacc is not null and rules.slots_open is not null
                   and rules.weight_english is not null and rules.weight_maths is not null
             then rules.weight_maths * coalesce(elements.maths_points, 0)
                  + case when elements.n_english = 2 then rules.weight_english else 1 end * coalesce(elements.english_points, 0)
                  + coalesce(ebacc_sums.points, 0)
                  + coalesce(open_sums.points, 0)
        end as decimal(9, 2)) as attainment8,
        elements.english_points,
        elements.maths_points,
        cast(elements.n_without_points as integer) as n_without_points
    from elements
    left join rules on rules.ay = elements.ks4_ay
    left join ebacc_sums
        on ebacc_sums.learner_id = elements.learner_id
       and ebacc_sums.reading = elements.reading
    left join open_sums
        on open_sums.learner_id = elements.learner_id
       and open_sums.reading = elements.reading
)

select * from final
