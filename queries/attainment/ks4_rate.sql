/*
title = "Key stage 4 thresholds: shares of everybody at the end of key stage 4, and of those whose results are known"
grain = ["ks4_ay", "population", "disadvantage", "measure"]
reads = ["ks4_member"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ks4_ay = "The academic year, by its end year, of Year 11"
population = "attending or resident on the January census day of Year 11; open: every learner of the cohort year"
disadvantage = "all, disadvantaged, other or not_known, as seen in Year 11"
measure = "five_a_c_em, basics_9_4, basics_9_5, ebacc_entered or ebacc_9_4: only in the years that have it"
n_members = "Everybody at the end of key stage 4: the denominator of whole_cohort"
n_missing = "Of them those of whom it is not known"
n_known = "Of them those of whom it is known, those with no entry too: the denominator of observed"
n_not_entered = "Of those, without an entry that could achieve it"
n_achieved = "The numerator of both"
observed = "n_achieved / n_known"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end of its 95% interval"
whole_cohort = "n_achieved / n_members: a lower bound, unknown counts as not achieved"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end of its 95% interval"
upper = "(n_achieved + n_missing) / n_members: an upper bound"
grades_comparable = "Whether the grades of the year compare with those of others"
*/
with answers as (
    select
        ks4_member.ks4_ay,
        ks4_member.population,
        ks4_member.disadvantage,
        measures.measure,
        ks4_member.grades_comparable,
        case measures.measure
            when 'five_a_c_em' then ks4_member.five_a_c_em
            when 'basics_9_4' then ks4_member.basics_9_4
            when 'basics_9_5' then ks4_member.basics_9_5
            when 'ebacc_entered' then ks4_member.ebacc_entered
            when 'ebacc_9_4' then ks4_member.ebacc_9_4
        end as answer
    from ks4_member
    cross join (values ('five_a_c_em'), ('basics_9_4'), ('basics_9_5'), ('ebacc_entered'), ('ebacc_9_4')) as measures(measure)
),

counts as (
    select
        ks4_ay,
        population,
        disadvantage,
        measure,
        grades_comparable,
        count(*) as n_members,
        count(*) filter (where answer = 'unknown') as n_missing,
        count(*) filter (where answer <> 'unknown') as n_known,
        count(*) filter (where answer = 'not_entered') as n_not_entered,
        count(*) filter (where answer = 'achieved') as n_achieved
    from answers
    where answer not in ('not_published', 'no_rule_for_year')
    group by ks4_ay, population, disadvantage, measure, grades_comparable
),

final as (
    select
        ks4_ay,
        population,
        disadvantage,
        measure,
        n_members,
        n_missing,
        n_known,
        n_not_entered,
        n_achieved,
        share_of(n_achieved, n_known) as observed,
        wilson_low(n_achieved, n_known) as observed_low,
        wilson_high(n_achieved, n_known) as observed_high,
        share_of(n_achieved, n_members) as whole_cohort,
        wilson_low(n_achieved, n_members) as whole_cohort_low,
        wilson_high(n_achieved, n_members) as whole_cohort_high,
        share_of(n_achieved + n_missing, n_members) as upper,
        grades_comparable
    from counts
)

select * from final
