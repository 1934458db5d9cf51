/*
title = "How many schools do better by their disadvantaged pupils: than the nation's average of all, and than their start lets expect"
grain = ["ks4_ay", "measure", "population", "question"]
reads = ["school_result", "school_prediction"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ks4_ay = "The academic year, by its end year, of Year 11; of beats_prediction the last of up to three"
measure = "five_a_c_em, basics_9_4 or basics_9_5"
population = "here: schools with Year 11 pupils at an establishment here in ks4_ay; loaded: all that send rolls"
question = "beats_national_all, nothing adjusted; or beats_prediction: two questions, neither stands for the other"
n_schools = "Mainstream state schools with disadvantaged pupils"
n_not_judged = "Of them those of which it is not said: too few pupils, no start, no reference"
n_judged = "The others: the denominator"
n_beating = "Of them those that do: the numerator"
share = "n_beating / n_judged"
share_low = "Lower end of its 95% interval"
share_high = "Upper end of its 95% interval"
*/
with answers as (
    select
        ks4_ay,
        measure,
        'beats_national_all' as question,
        is_here,
        beats_national_all as answer
    from school_result
    where is_mainstream
      and n_disadvantaged > 0
    union all
    select
        school_prediction.ks4_ay,
        school_prediction.measure,
        'beats_prediction' as question,
        coalesce(school_result.is_here, false) as is_here,
        school_prediction.beats_prediction as answer
    from school_prediction
    left join school_result
        on school_result.ks4_ay = school_prediction.ks4_ay
       and school_result.school_id = school_prediction.school_id
       and school_result.measure = school_prediction.measure
    where school_prediction.state <> 'not_mainstream'
      and school_prediction.n_disadvantaged > 0
),

counts as (
    select
        answers.ks4_ay,
        answers.measure,
        populations.population,
        answers.question,
        count(*) as n_schools,
        count(answers.answer) as n_judged,
        count(*) filter (where answers.answer) as n_beating
    from answers
    cross join (values ('here'), ('loaded')) as populations(population)
    where populations.population = 'loaded'
       or answers.is_here
    group by answers.ks4_ay, answers.measure, populations.population, answers.question
),

final as (
    select
        ks4_ay,
        measure,
        population,
        question,
        n_schools,
        n_schools - n_judged as n_not_judged,
        n_judged,
        n_beating,
        share_of(n_beating, n_judged) as share,
        wilson_low(n_beating, n_judged) as share_low,
        wilson_high(n_beating, n_judged) as share_high
    from counts
)

select * from final
