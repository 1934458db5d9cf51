/*
title = "The way of each member through the Januaries from Year 6 to Year 11: the settings in their order"
grain = ["learner_id"]
reads = ["cohort_member", "learner_year", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
cohort_ay = "The academic year, by its end year, of Year 6"
setting_y6 = "Main setting on the January census day of Year 6: a kind of establishment, ehe, cme or not_known; empty where the day lies ahead"
setting_y7 = "The same in Year 7"
setting_y8 = "The same in Year 8"
setting_y9 = "The same in Year 9"
setting_y10 = "The same in Year 10"
setting_y11 = "The same in Year 11"
pathway = "Those settings in their order, each run of the same once"
n_changes = "How often the setting changed from one January to the next"
*/
-- A January that nobody says anything of is a part of the way, not a hole in it.
with januaries as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        steps.step,
        case when third_thursday_of_january(cohort_member.cohort_ay + steps.step) <= build_context.as_of
             then coalesce(learner_year.setting, 'not_known') end as setting
    from cohort_member
    cross join build_context
    cross join (values (0), (1), (2), (3), (4), (5)) as steps(step)
    left join learner_year
        on learner_year.learner_id = cohort_member.learner_id
       and learner_year.ay = cohort_member.cohort_ay + steps.step
),

compared as (
    select
        learner_id,
        cohort_ay,
        step,
        setting,
        lag(setting) over (partition by learner_id order by step asc nulls last) as setting_before
    from januaries
),

sides as (
    select
        learner_id,
        cohort_ay,
        max(case when step = 0 then setting end) as setting_y6,
        max(case when step = 1 then setting end) as setting_y7,
        max(case when step = 2 then setting end) as setting_y8,
        max(case when step = 3 then setting end) as setting_y9,
        max(case when step = 4 then setting end) as setting_y10,
        max(case when step = 5 then setting end) as setting_y11,
        count(*) filter (where setting <> setting_before) as n_changes
    from compared
    group by learner_id, cohort_ay
),

final as (
    select
        learner_id,
        cohort_ay,
        setting_y6,
        setting_y7,
        setting_y8,
        setting_y9,
        setting_y10,
        setting_y11,
        concat(
            setting_y6,
            case when setting_y7 <> setting_y6 then concat(' > ', setting_y7) else '' end,
            case when setting_y8 <> setting_y7 then concat(' > ', setting_y8) else '' end,
            case when setting_y9 <> setting_y8 then concat(' > ', setting_y9) else '' end,
            case when setting_y10 <> setting_y9 then concat(' > ', setting_y10) else '' end,
            case when setting_y11 <> setting_y10 then concat(' > ', setting_y11) else '' end
        ) as pathway,
        cast(n_changes as integer) as n_changes
    from sides
)

select * from final
