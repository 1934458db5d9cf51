/*
title = "Which thresholds a learner's results reach at the end of key stage 4"
grain = ["learner_id"]
reads = ["ks4_entry"]
[columns]
learner_id = "Pseudonym of the learner; only learners with a result that counts"
english_best = "Best of language and literature, in numbers"
*/
with best_entries as (
    select
        *,
        -- A level 2 pass counts as C or better; a pass below level 2 does not.
        case when kind = 'gcse' then equivalent >= 4 else passed and level = '2' end as is_good_pass
    from ks4_entry
    where reading = 'best'
),

final as (
    select
        learner_id,
        count(*) as n_results,
        sum(awards) filter (where is_good_pass) as n_good_passes,
        max(case when element = 'english' then equivalent end) as english_best,
        max(case when element = 'maths' then equivalent end) as maths_best,
        max(case when subject in ('english', 'english_language') and kind = 'gcse' then equivalent end) as english_language_best,
        max(case when element = 'english' and is_legacy and equivalent = 4 then 1 else 0 end) as has_english_c,
        max(case when element = 'maths' and is_legacy and equivalent = 4 then 1 else 0 end) as has_maths_c,
        coalesce(sum(awards) filter (where ebacc_pillar = 'science'), 0) as n_science,
        coalesce(sum(awards) filter (where ebacc_pillar = 'science' and equivalent >= 4), 0) as n_science_4,
        max(case when ebacc_pillar = 'humanities' then equivalent end) as humanities_best,
        max(case when ebacc_pillar = 'language' then equivalent end) as language_best
    from best_entries
    group by learner_id
)

select * from final
