/*
title = "High attainers at eleven by the authority they lived in then: what became of them, seen and unseen"
grain = ["cohort_ay", "home_la", "disadvantage"]
reads = ["population_member", "area_spell", "ks4_result"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6"
home_la = "Authority of the home on the January census day of Year 6; not_known where nobody says"
disadvantage = "disadvantaged, other or not_known, as observed in Year 6: all three of each authority, zeros too"
n_members = "High attainers of the open cohort who count: everybody loaded, wherever they are now"
n_with_results = "Of them with key stage 4 results"
n_missing = "Of them without"
n_achieved = "Of them with five or more GCSEs at grade 7 to 9"
n_visible = "Of them with any record of an outcome"
observed = "n_achieved / n_with_results: what results alone would show"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end of its 95% interval"
whole_cohort = "n_achieved / n_members: a lower bound, unknown counts as not achieved"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end of its 95% interval"
upper = "As if all without results had achieved it: an upper bound"
visibility = "n_visible / n_members"
visibility_low = "Lower end of its 95% interval"
visibility_high = "Upper end of its 95% interval"
n_with_points = "Of n_members those whose Attainment 8 is known: the denominator of mean_points"
points = "Sum of their points: the numerator"
mean_points = "points / n_with_points: mean Attainment 8"
mean_points_low = "Lower end of its 95% interval"
mean_points_high = "Upper end of its 95% interval"
lost_potential = "How many more disadvantaged high attainers would have achieved it at the rate of the others of the same authority"
*/
-- Who is a high attainer was settled among the whole cohort year, not authority by authority. An authority from which few are loaded, as
-- they go to school here, is no picture of that authority.
with members as (
    select
        population_member.learner_id,
        population_member.cohort_ay,
        coalesce(area_spell.home_la, 'not_known') as home_la,
        case when population_member.dis_y6 then 'disadvantaged'
             when not population_member.dis_y6 then 'other'
             else 'not_known'
        end as disadvantage,
        population_member.result_state,
        population_member.five_gcse_7_9,
        population_member.visible,
        ks4_result.attainment8
    from population_member
    left join area_spell
        on area_spell.learner_id = population_member.learner_id
       and area_spell.starts_on <= third_thursday_of_january(population_member.cohort_ay)
       and area_spell.ends_on >= third_thursday_of_january(population_member.cohort_ay)
    left join ks4_result on ks4_result.learner_id = population_member.learner_id
    where population_member.population = 'open'
      and population_member.ks2_band = 'high'
      and population_member.is_counted
),

counts as (
    select
        cohort_ay,
        home_la,
        disadvantage,
        count(*) as n_members,
        count(*) filter (where result_state = 'ks4_results') as n_with_results,
        count(*) filter (where five_gcse_7_9) as n_achieved,
        count(*) filter (where visible) as n_visible,
        count(attainment8) as n_with_points,
        sum(attainment8) as points,
        sum(attainment8 * attainment8) as squares
    from members
    group by cohort_ay, home_la, disadvantage
),

filled as (
    select
        frame.cohort_ay,
        frame.home_la,
        groups.disadvantage,
        coalesce(counts.n_members, 0) as n_members,
        coalesce(counts.n_with_results, 0) as n_with_results,
        coalesce(counts.n_achieved, 0) as n_achieved,
        coalesce(counts.n_visible, 0) as n_visible,
        coalesce(counts.n_with_points, 0) as n_with_points,
        counts.points,
        counts.squares
    from (select distinct cohort_ay, home_la from counts) as frame
    cross join (values ('disadvantaged'), ('other'), ('not_known')) as groups(disadvantage)
    left join counts
        on counts.cohort_ay = frame.cohort_ay
       and counts.home_la = frame.home_la
       and counts.disadvantage = groups.disadvantage
),

others as (
    select cohort_ay, home_la, n_members, n_achieved
    from filled
    where disadvantage = 'other'
),

final as (
    select
        filled.cohort_ay,
        filled.home_la,
        filled.disadvantage,
        filled.n_members,
        filled.n_with_results,
        filled.n_members - filled.n_with_results as n_missing,
        filled.n_achieved,
        filled.n_visible,
        share_of(filled.n_achieved, filled.n_with_results) as observed,
        wilson_low(filled.n_achieved, filled.n_with_results) as observed_low,
        wilson_high(filled.n_achieved, filled.n_with_results) as observed_high,
        share_of(filled.n_achieved, filled.n_members) as whole_cohort,
        wilson_low(filled.n_achieved, filled.n_members) as whole_cohort_low,
        wilson_high(filled.n_achieved, filled.n_members) as whole_cohort_high,
        share_of(filled.n_achieved + filled.n_members - filled.n_with_results, filled.n_members) as upper,
        share_of(filled.n_visible, filled.n_members) as visibility,
        wilson_low(filled.n_visible, filled.n_members) as visibility_low,
        wilson_high(filled.n_visible, filled.n_members) as visibility_high,
        filled.n_with_points,
        cast(filled.points as decimal(18, 2)) as points,
        ratio_of(cast(filled.points * 100 as bigint), 100 * filled.n_with_points) as mean_points,
        cast(round(ratio_of(cast(filled.points * 100 as bigint), 100 * filled.n_with_points)
                   - mean_half_width(filled.n_with_points, filled.points, filled.squares), 4) as decimal(9, 4)) as mean_points_low,
        cast(round(ratio_of(cast(filled.points * 100 as bigint), 100 * filled.n_with_points)
                   + mean_half_width(filled.n_with_points, filled.points, filled.squares), 4) as decimal(9, 4)) as mean_points_high,
        case when filled.disadvantage = 'disadvantaged' and filled.n_members > 0
             then cast(share_of(others.n_achieved * filled.n_members, others.n_members) - filled.n_achieved as decimal(9, 4))
        end as lost_potential
    from filled
    inner join others
        on others.cohort_ay = filled.cohort_ay
       and others.home_la = filled.home_la
)

select * from final
