/*
title = "Each school's disadvantaged pupils of up to three years together, with their start and what the nation made of it"
grain = ["ks4_ay", "school_id", "measure"]
reads = ["school_pupil", "code_national_ks4", "code_ks4_transition", "policy"]
[columns]
ks4_ay = "The last of the years that are pooled"
school_id = "The school whose roll they were on in January of Year 11"
measure = "basics_9_4 or basics_9_5"
is_mainstream = "Whether it is a mainstream state school"
from_ay = "The first of the years pooled that has pupils who are used; ks4_ay where none has"
n_disadvantaged = "Disadvantaged pupils of those years"
n_unknown = "Of them those whose result is not known: not used"
n_without_baseline = "Of the others those without a key stage 2 score: not used"
n_used = "Those who are left; 0 where ks4_ay itself has nobody with a start, whom earlier years do not stand in for"
n_achieved = "Of those used, those with the measure"
mean_ks2 = "Mean key stage 2 score of those used"
share_disadvantaged = "Disadvantaged / pupils of whom it is known, in those years"
national_rate = "Rate of all pupils of the nation in ks4_ay"
n_matched = "Of those used, those with a national expectation: their year has a matrix"
n_matched_achieved = "Of them those with the measure"
expected = "Sum of their chances by the matrix"
expected_variance = "Sum of each chance times its complement"
*/
with rules as (
    select ay, cast(value as integer) as years
    from policy
    where parameter = 'school_pool_years'
),

-- A school where nobody finished in ks4_ay, since it closed or merged, is not judged by what it was.
-- A year whose grades do not compare with others' (2020 to 2022) stands alone.
years as (
    select ks4_ay, max(case when grades_comparable then 1 else 0 end) as is_comparable
    from school_pupil
    group by ks4_ay
),

pools as (
    select years.ks4_ay, pooled.ks4_ay as pupil_ay
    from years
    left join rules on rules.ay = years.ks4_ay
    inner join years as pooled
        on pooled.ks4_ay <= years.ks4_ay
       and pooled.ks4_ay > years.ks4_ay - coalesce(rules.years, 1)
       and (pooled.ks4_ay = years.ks4_ay or (years.is_comparable = 1 and pooled.is_comparable = 1))
),

answers as (
    select
        pools.ks4_ay,
        pools.pupil_ay,
        school_pupil.learner_id,
        school_pupil.school_id,
        school_pupil.is_mainstream,
        school_pupil.disadvantage,
        school_pupil.ks2_score,
        measures.measure,
        case measures.measure when 'basics_9_4' then school_pupil.basics_9_4
                              else school_pupil.basics_9_5 end as answer
    from pools
    inner join school_pupil on school_pupil.ks4_ay = pools.pupil_ay
    cross join (values ('basics_9_4'), ('basics_9_5')) as measures(measure)
    where school_pupil.school_id <> 'none'
),

-- The chance that the nation's disadvantaged pupils had from the same start: the greatest lower bound that it reaches.
matrix as (
    select
        measure,
        academic_year(valid_from) as ay,
        cast(ks2_from as decimal(9, 2)) as ks2_from,
        lead(cast(ks2_from as decimal(9, 2)))
            over (partition by measure, valid_from order by cast(ks2_from as decimal(9, 2)) asc nulls last) as ks2_below,
        share_of(cast(n_achieved as integer), cast(n_pupils as integer)) as chance
    from code_ks4_transition
),

pupils as (
    select
        answers.*,
        answers.disadvantage = 'disadvantaged' and answers.answer <> 'unknown' and answers.ks2_score is not null as is_used,
        matrix.chance
    from answers
    left join matrix
        on matrix.measure = answers.measure
       and matrix.ay = answers.pupil_ay
       and matrix.ks2_from <= answers.ks2_score
       and (matrix.ks2_below is null or matrix.ks2_below > answers.ks2_score)
    where answers.answer not in ('not_published', 'no_rule_for_year')
),

started as (
    select ks4_ay, measure
    from pupils
    where is_used
      and pupil_ay = ks4_ay
    group by ks4_ay, measure
),

judged as (
    select
        pupils.ks4_ay,
        pupils.school_id,
        pupils.measure,
        pupils.is_mainstream,
        pupils.pupil_ay,
        pupils.disadvantage,
        pupils.answer,
        pupils.ks2_score,
        pupils.chance,
        pupils.is_used and started.ks4_ay is not null as is_used
    from pupils
    left join started
        on started.ks4_ay = pupils.ks4_ay
       and started.measure = pupils.measure
),

counts as (
    select
        ks4_ay,
        school_id,
        measure,
        max(case when is_mainstream then 1 else 0 end) = 1 as is_mainstream,
        coalesce(min(pupil_ay) filter (where is_used), ks4_ay) as from_ay,
        count(*) filter (where disadvantage = 'disadvantaged') as n_disadvantaged,
        count(*) filter (where disadvantage = 'disadvantaged' and answer = 'unknown') as n_unknown,
        count(*) filter (where disadvantage = 'disadvantaged' and answer <> 'unknown' and ks2_score is null) as n_without_baseline,
        count(*) filter (where disadvantage <> 'not_known') as n_told,
        count(*) filter (where is_used) as n_used,
        count(*) filter (where is_used and answer = 'achieved') as n_achieved,
        cast(coalesce(sum(100 * ks2_score) filter (where is_used), 0) as bigint) as ks2_hundredths,
        count(*) filter (where is_used and chance is not null) as n_matched,
        count(*) filter (where is_used and chance is not null and answer = 'achieved') as n_matched_achieved,
        coalesce(sum(chance) filter (where is_used), 0) as expected,
        coalesce(sum(chance * (1 - chance)) filter (where is_used), 0) as expected_variance
    from judged
    group by ks4_ay, school_id, measure
    having count(*) filter (where pupil_ay = ks4_ay) > 0
),

nation as (
    select
        code as measure,
        academic_year(valid_from) as ay,
        cast(rate as decimal(9, 4)) as national_rate
    from code_national_ks4
),

final as (
    select
        counts.ks4_ay,
        counts.school_id,
        counts.measure,
        counts.is_mainstream,
        cast(counts.from_ay as smallint) as from_ay,
        counts.n_disadvantaged,
        counts.n_unknown,
        counts.n_without_baseline,
        counts.n_used,
        counts.n_achieved,
        share_of(counts.ks2_hundredths, 100 * counts.n_used) as mean_ks2,
        share_of(counts.n_disadvantaged, counts.n_told) as share_disadvantaged,
        nation.national_rate,
        counts.n_matched,
        counts.n_matched_achieved,
        cast(counts.expected as decimal(18, 4)) as expected,
        cast(counts.expected_variance as decimal(18, 8)) as expected_variance
    from counts
    left join nation
        on nation.measure = counts.measure
       and nation.ay = counts.ks4_ay
)

select * from final
