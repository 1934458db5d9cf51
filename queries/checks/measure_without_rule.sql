/*
title = "Years for which the policy table has no rule of a measure, which is therefore empty"
grain = ["measure", "ay"]
reads = ["absence_enrolment", "circumstance_year", "ks4_result", "value_added", "neet_rate", "ap_placement", "policy", "code_national_ks4"]
*/
with years as (
    select distinct 'persistent absence' as measure, ay
    from absence_enrolment
    where threshold_state = 'no_rule_for_year'
    union all
    select distinct 'meals in six years' as measure, circumstance_year.ay
    from circumstance_year
    left join policy
        on policy.ay = circumstance_year.ay
       and policy.parameter = 'ever6_terms'
    where policy.ay is null
    union all
    select distinct 'basics' as measure, ks4_ay as ay
    from ks4_result
    where basics_9_4 = 'no_rule_for_year'
    union all
    select distinct 'attainment 8' as measure, ks4_ay as ay
    from ks4_result
    where attainment8_state = 'no_rule_for_year'
    union all
    select distinct 'value added' as measure, ks4_ay as ay
    from value_added
    where value_state = 'no_rule_for_year'
    union all
    select distinct 'hours of placements' as measure, ay
    from ap_placement
    where hours_state = 'no_rule_for_year'
    union all
    select distinct 'schools by their start' as measure, ks4_result.ks4_ay as ay
    from ks4_result
    left join policy
        on policy.ay = ks4_result.ks4_ay
       and policy.parameter = 'school_min_pupils'
    where policy.ay is null
    union all
    select distinct 'national average of all pupils' as measure, ks4_result.ks4_ay as ay
    from ks4_result
    left join code_national_ks4
        on academic_year(code_national_ks4.valid_from) = ks4_result.ks4_ay
    where code_national_ks4.code is null
    union all
    select distinct 'december to february' as measure, ay
    from neet_rate
    where rule_state = 'no_rule_for_year'
),

final as (
    select measure, ay
    from years
)

select * from final
