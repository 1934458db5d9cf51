/*
title = "Each school's disadvantaged pupils beside the national average of all pupils"
grain = ["ks4_ay", "school_id", "measure"]
reads = ["school_pupil", "code_national_ks4"]
purposes = ["research"]
published = true
[columns]
ks4_ay = "The academic year, by its end year, of Year 11"
school_id = "The school whose roll they were on in January of Year 11; none for who was on no roll"
kind = "Kind of establishment, of several the smallest word; none without a roll"
is_mainstream = "Whether it is a mainstream state school: the others are not set beside the national average"
is_here = "Whether any of them was at an establishment here"
measure = "five_a_c_em, basics_9_4 or basics_9_5: only in the years that have it"
n_pupils = "Pupils at the end of key stage 4"
n_disadvantaged = "Of them disadvantaged: the denominator of rate"
n_disadvantage_not_known = "Of them those of whom it is not known whether they are disadvantaged: in no rate"
n_missing = "Disadvantaged pupils whose result is not known"
n_known = "Disadvantaged pupils whose result is, those with no entry too: the denominator of observed"
n_achieved = "Disadvantaged pupils with the measure: the numerator of both"
rate = "n_achieved / n_disadvantaged: as tables count, unknown as not achieved"
rate_low = "Lower end of its 95% interval"
rate_high = "Upper end of its 95% interval"
observed = "n_achieved / n_known"
upper = "(n_achieved + n_missing) / n_disadvantaged: an upper bound"
national_rate = "Of all pupils of state-funded schools in England; empty for a year that is not held"
national_state = "held, or no_rule_for_year"
beats_national_all = "Whether rate is above national_rate: nothing is adjusted for intake; empty outside mainstream or without either"
grades_comparable = "Whether the grades of the year compare with those of others"
*/
with answers as (
    select
        school_pupil.ks4_ay,
        school_pupil.school_id,
        school_pupil.kind,
        school_pupil.is_mainstream,
        school_pupil.attending,
        school_pupil.disadvantage,
        school_pupil.grades_comparable,
        measures.measure,
        case measures.measure
            when 'five_a_c_em' then school_pupil.five_a_c_em
            when 'basics_9_4' then school_pupil.basics_9_4
            when 'basics_9_5' then school_pupil.basics_9_5
        end as answer
    from school_pupil
    cross join (values ('five_a_c_em'), ('basics_9_4'), ('basics_9_5')) as measures(measure)
),

counts as (
    select
        ks4_ay,
        school_id,
        measure,
        min(kind) as kind,
        max(case when is_mainstream then 1 else 0 end) = 1 as is_mainstream,
        max(case when attending then 1 else 0 end) = 1 as is_here,
        max(case when grades_comparable then 1 else 0 end) = 1 as grades_comparable,
        count(*) as n_pupils,
        count(*) filter (where disadvantage = 'disadvantaged') as n_disadvantaged,
        count(*) filter (where disadvantage = 'not_known') as n_disadvantage_not_known,
        count(*) filter (where disadvantage = 'disadvantaged' and answer = 'unknown') as n_missing,
        count(*) filter (where disadvantage = 'disadvantaged' and answer <> 'unknown') as n_known,
        count(*) filter (where disadvantage = 'disadvantaged' and answer = 'achieved') as n_achieved
    from answers
    where answer not in ('not_published', 'no_rule_for_year')
    group by ks4_ay, school_id, measure
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
        counts.kind,
        counts.is_mainstream,
        counts.is_here,
        counts.measure,
        counts.n_pupils,
        counts.n_disadvantaged,
        counts.n_disadvantage_not_known,
        counts.n_missing,
        counts.n_known,
        counts.n_achieved,
        share_of(counts.n_achieved, counts.n_disadvantaged) as rate,
        wilson_low(counts.n_achieved, counts.n_disadvantaged) as rate_low,
        wilson_high(counts.n_achieved, counts.n_disadvantaged) as rate_high,
        share_of(counts.n_achieved, counts.n_known) as observed,
        share_of(counts.n_achieved + counts.n_missing, counts.n_disadvantaged) as upper,
        nation.national_rate,
        case when nation.national_rate is null then 'no_rule_for_year' else 'held' end as national_state,
        case when counts.is_mainstream and counts.n_disadvantaged > 0
             then counts.n_achieved > nation.national_rate * counts.n_disadvantaged
        end as beats_national_all,
        counts.grades_comparable
    from counts
    left join nation
        on nation.measure = counts.measure
       and nation.ay = counts.ks4_ay
)

select * from final
