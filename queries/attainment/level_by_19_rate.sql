/*
title = "Level 2 and Level 3 by 18 and by 19: shares of the whole cohort, and of those of whom it is known"
grain = ["ks4_ay", "population", "disadvantage", "level", "by_age"]
reads = ["level_by_19"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ks4_ay = "The academic year, by its end year, of Year 11"
population = "attending or resident on the January census day of Year 11; open: every learner of the cohort year, nearest to the published measure"
disadvantage = "all, disadvantaged, other or not_known, as seen in Year 11"
level = "2 or 3"
by_age = "18 or 19"
n_members = "Everybody who counts: the denominator of whole_cohort"
n_not_held = "Of them those of whose cohort no awards after sixteen are held, and who had not achieved it before"
n_missing = "Of them those of whom it is not known for another reason"
n_known = "Of them achieved or not: the denominator of observed"
n_achieved = "The numerator of both"
measure_state = "measured; not_held: grey, no awards after sixteen are held of anybody, and what is counted was achieved by sixteen; no_rule_for_year"
observed = "n_achieved / n_known, which reads high: an achievement stands whoever tells of it; empty where not held"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end"
whole_cohort = "n_achieved / n_members: a lower bound, unknown counts as not achieved; empty where not held"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end"
upper = "(n_achieved + n_missing + n_not_held) / n_members: an upper bound"
*/
with members as (
    select
        level_by_19.ks4_ay,
        populations.population,
        disadvantages.disadvantage,
        level_by_19.level,
        level_by_19.by_age,
        level_by_19.is_held,
        level_by_19.level_state
    from level_by_19
    cross join (values ('attending'), ('resident'), ('open')) as populations(population)
    cross join (values ('all'), ('disadvantaged'), ('other'), ('not_known')) as disadvantages(disadvantage)
    where level_by_19.in_denominator
      and case populations.population when 'attending' then level_by_19.attending when 'resident' then level_by_19.resident else true end
      and case disadvantages.disadvantage when 'all' then true when 'disadvantaged' then coalesce(level_by_19.disadvantaged, false)
                                          when 'other' then coalesce(not level_by_19.disadvantaged, false)
                                          else level_by_19.disadvantaged is null end
),

counts as (
    select
        ks4_ay, population, disadvantage, level, by_age,
        count(*) as n_members,
        count(*) filter (where level_state = 'not_held') as n_not_held,
        count(*) filter (where level_state in ('unknown', 'no_rule_for_year')) as n_missing,
        count(*) filter (where level_state in ('achieved', 'not_achieved')) as n_known,
        count(*) filter (where level_state = 'achieved') as n_achieved,
        case when count(*) filter (where level_state = 'no_rule_for_year') > 0 then 'no_rule_for_year'
             when not bool_and(is_held) then 'not_held'
             else 'measured' end as measure_state
    from members
    group by ks4_ay, population, disadvantage, level, by_age
),

final as (
    select
        ks4_ay, population, disadvantage, level, by_age,
        n_members, n_not_held, n_missing, n_known, n_achieved,
        measure_state,
        case when measure_state = 'measured' then share_of(n_achieved, n_known) end as observed,
        case when measure_state = 'measured' then wilson_low(n_achieved, n_known) end as observed_low,
        case when measure_state = 'measured' then wilson_high(n_achieved, n_known) end as observed_high,
        case when measure_state = 'measured' then share_of(n_achieved, n_members) end as whole_cohort,
        case when measure_state = 'measured' then wilson_low(n_achieved, n_members) end as whole_cohort_low,
        case when measure_state = 'measured' then wilson_high(n_achieved, n_members) end as whole_cohort_high,
        case when measure_state = 'measured' then share_of(n_achieved + n_missing + n_not_held, n_members) end as upper
    from counts
)

select * from final
