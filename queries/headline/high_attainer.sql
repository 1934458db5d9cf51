/*
title = "High attainers at eleven by more measures than the headline's: whether they stay in the top third, and their basics"
grain = ["cohort_ay", "population", "disadvantage", "measure"]
reads = ["population_member", "ks4_result"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6"
population = "resident, attending, ever_y6_here or open"
disadvantage = "disadvantaged, other or not_known, as observed in Year 6"
measure = "stays_in_top_third of its cohort by Attainment 8, ties in; basics_9_4; basics_9_5: only in the years that have it"
n_members = "High attainers who count: the denominator of whole_cohort"
n_missing = "Of them those of whom it is not known"
n_known = "Of them those of whom it is known, those with no entry too: the denominator of observed"
n_achieved = "The numerator of both"
observed = "n_achieved / n_known"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end of its 95% interval"
whole_cohort = "n_achieved / n_members: a lower bound, unknown counts as not achieved"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end of its 95% interval"
upper = "(n_achieved + n_missing) / n_members: an upper bound"
n_falls_out = "n_known - n_achieved: the numerator of falls_out"
falls_out = "n_falls_out / n_known: of stays_in_top_third the share that falls out of it, of those known"
falls_out_low = "Lower end of its 95% interval"
falls_out_high = "Upper end of its 95% interval"
*/
-- Everyone with points is ranked, high attainer or not, before anybody is left out but who died or left England.
with ranked as (
    select
        learner_id,
        3 * (rank() over (partition by ks4_ay order by attainment8 desc nulls last) - 1)
            < count(*) over (partition by ks4_ay) as is_top
    from ks4_result
    where in_denominator
      and attainment8 is not null
),

answers as (
    select
        population_member.cohort_ay,
        population_member.population,
        case when population_member.dis_y6 then 'disadvantaged'
             when not population_member.dis_y6 then 'other'
             else 'not_known'
        end as disadvantage,
        measures.measure,
        case measures.measure
            when 'basics_9_4' then ks4_result.basics_9_4
            when 'basics_9_5' then ks4_result.basics_9_5
            else case when ks4_result.attainment8_state = 'no_rule_for_year' then 'no_rule_for_year'
                      when ranked.is_top then 'achieved'
                      when not ranked.is_top then 'not_achieved'
                      else 'unknown'
                 end
        end as answer
    from population_member
    inner join ks4_result on ks4_result.learner_id = population_member.learner_id
    left join ranked on ranked.learner_id = population_member.learner_id
    cross join (values ('stays_in_top_third'), ('basics_9_4'), ('basics_9_5')) as measures(measure)
    where population_member.ks2_band = 'high'
      and population_member.is_counted
),

counts as (
    select
        cohort_ay,
        population,
        disadvantage,
        measure,
        count(*) as n_members,
        count(*) filter (where answer = 'unknown') as n_missing,
        count(*) filter (where answer <> 'unknown') as n_known,
        count(*) filter (where answer = 'achieved') as n_achieved
    from answers
    where answer not in ('not_published', 'no_rule_for_year')
    group by cohort_ay, population, disadvantage, measure
),

final as (
    select
        cohort_ay,
        population,
        disadvantage,
        measure,
        n_members,
        n_missing,
        n_known,
        n_achieved,
        share_of(n_achieved, n_known) as observed,
        wilson_low(n_achieved, n_known) as observed_low,
        wilson_high(n_achieved, n_known) as observed_high,
        share_of(n_achieved, n_members) as whole_cohort,
        wilson_low(n_achieved, n_members) as whole_cohort_low,
        wilson_high(n_achieved, n_members) as whole_cohort_high,
        share_of(n_achieved + n_missing, n_members) as upper,
        n_known - n_achieved as n_falls_out,
        share_of(n_known - n_achieved, n_known) as falls_out,
        wilson_low(n_known - n_achieved, n_known) as falls_out_low,
        wilson_high(n_known - n_achieved, n_known) as falls_out_high
    from counts
)

select * from final
