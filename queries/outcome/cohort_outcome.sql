/*
title = "What became of every member of every cohort at sixteen: exactly one state each"
grain = ["learner_id"]
reads = ["cohort_member", "setting_at_16", "ledger_at_16", "destination_after_16", "leaving_by_16", "ever_by_16",
         "code_establishment_kind", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
cohort_ay = "The academic year, by its end year, of Year 6"
setting_jan_main = "Main setting on the January census day of Year 11"
setting_jan_actual = "Where the learner really was on that day"
setting_jun_main = "Main setting on the last Friday of June of Year 11"
setting_jun_actual = "Where the learner really was on that day"
result_state = "ks4_results, other_accredited, none_entered or unknown"
state = "The one state the learner is in; not_yet_16 until Year 11 is over"
in_resident_denominator = "Counts among residents: not died, not left England, not moved to another authority"
in_denominator = "Counts in the other populations: not died, not left England"
ever_ap = "Ever in alternative provision between Year 6 and 16"
ever_dual = "Ever registered at two schools at once between Year 6 and 16"
ever_ehe = "Ever educated at home between Year 6 and 16"
n_gcse = "GCSEs with a grade: the best of each subject; combined science is two"
n_gcse_7_9 = "Of them at grade 7 to 9"
five_gcse_7_9 = "Five or more GCSEs at grade 7 to 9"
basics_9_4 = "GCSE English and maths at grade 4 or more"
basics_9_5 = "GCSE English and maths at grade 5 or more"
level1_english_maths = "Level 1 or more in English and maths by any qualification"
level2_english_maths = "Level 2 or more in English and maths by any qualification"
n_other_accredited = "Passes that do not count in the tables, unit awards left out"
n_unit_awards = "Unit awards"
highest_level = "Highest level of anything passed; empty when nothing was"
destination_16 = "Status group on 31 January after Year 11; no_record or not_due"
destination_17 = "Status group a year later"
visible = "Whether any record of an outcome exists at all"
*/
with members as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        year_ends_on(cohort_member.cohort_ay + 5) <= build_context.as_of as is_followed_up,
        build_context.home_authority
    from cohort_member
    cross join build_context
),

-- The setting behind the state: January, or June where nobody knew in January.
facts as (
    select
        members.learner_id,
        members.cohort_ay,
        members.is_followed_up,
        setting_at_16.setting_jan_main,
        setting_at_16.setting_jan_actual,
        setting_at_16.setting_jun_main,
        setting_at_16.setting_jun_actual,
        case when setting_at_16.setting_jan_main = 'not_known' then setting_at_16.setting_jun_main
             else setting_at_16.setting_jan_main
        end as setting,
        coalesce(ledger_at_16.result_state, 'unknown') as result_state,
        coalesce(leaving_by_16.has_died, false) as has_died,
        coalesce(leaving_by_16.has_left_england, false) as has_left_england,
        coalesce(leaving_by_16.has_moved_away, false)
            and setting_at_16.jan_la_code is distinct from members.home_authority as has_moved,
        destination_after_16.seen_after_16,
        destination_after_16.destination_16,
        destination_after_16.destination_17,
        coalesce(ever_by_16.ever_ap, false) as ever_ap,
        coalesce(ever_by_16.ever_dual, false) as ever_dual,
        coalesce(ever_by_16.ever_ehe, false) as ever_ehe
    from members
    left join setting_at_16 on setting_at_16.learner_id = members.learner_id
    left join ledger_at_16 on ledger_at_16.learner_id = members.learner_id
    left join leaving_by_16 on leaving_by_16.learner_id = members.learner_id
    left join destination_after_16 on destination_after_16.learner_id = members.learner_id
    left join ever_by_16 on ever_by_16.learner_id = members.learner_id
),

-- The first line that holds is the state. The order is the rule.
states as (
    select
        facts.*,
        case
            when not facts.is_followed_up then 'not_yet_16'
            when facts.has_died then 'died'
            when facts.has_left_england then 'left_england'
            when facts.has_moved then 'moved_out_of_area'
            when facts.result_state = 'ks4_results' then
                case when facts.setting in ('mainstream', 'resourced_unit') then 'ks4_mainstream'
                     when facts.setting = 'special' then 'ks4_special'
                     when code_establishment_kind.family = 'ap' then 'ks4_ap'
                     when facts.setting = 'independent' then 'ks4_independent'
                     when facts.setting = 'ehe' then 'ks4_home_educated'
                     else 'ks4_elsewhere'
                end
            when facts.setting = 'secure' then 'in_custody'
            when facts.setting = 'ehe' then 'home_educated'
            when code_establishment_kind.family = 'ap' then 'ap_no_ks4'
            when facts.setting in ('mainstream', 'resourced_unit', 'special', 'independent', 'fe') then 'on_roll_no_results'
            when facts.seen_after_16 then 'post16_seen'
            when facts.setting = 'cme' then 'missing_education'
            else 'not_found'
        end as state
    from facts
    left join code_establishment_kind on code_establishment_kind.code = facts.setting
),

final as (
    select
        states.learner_id,
        states.cohort_ay,
        states.setting_jan_main,
        states.setting_jan_actual,
        states.setting_jun_main,
        states.setting_jun_actual,
        case when states.is_followed_up then states.result_state end as result_state,
        states.state,
        states.state not in ('not_yet_16', 'died', 'left_england', 'moved_out_of_area') as in_resident_denominator,
        states.state not in ('not_yet_16', 'died', 'left_england') as in_denominator,
        states.ever_ap,
        states.ever_dual,
        states.ever_ehe,
        case when states.is_followed_up then cast(coalesce(ledger_at_16.n_gcse, 0) as integer) end as n_gcse,
        case when states.is_followed_up then cast(coalesce(ledger_at_16.n_gcse_7_9, 0) as integer) end as n_gcse_7_9,
        states.is_followed_up and coalesce(ledger_at_16.five_gcse_7_9, false) as five_gcse_7_9,
        states.is_followed_up and coalesce(ledger_at_16.basics_9_4, false) as basics_9_4,
        states.is_followed_up and coalesce(ledger_at_16.basics_9_5, false) as basics_9_5,
        states.is_followed_up and coalesce(ledger_at_16.level1_english_maths, false) as level1_english_maths,
        states.is_followed_up and coalesce(ledger_at_16.level2_english_maths, false) as level2_english_maths,
        case when states.is_followed_up then cast(coalesce(ledger_at_16.n_other_accredited, 0) as integer) end as n_other_accredited,
        case when states.is_followed_up then cast(coalesce(ledger_at_16.n_unit_awards, 0) as integer) end as n_unit_awards,
        case when states.is_followed_up then ledger_at_16.highest_level end as highest_level,
        case when states.is_followed_up then states.destination_16 end as destination_16,
        case when states.is_followed_up then states.destination_17 end as destination_17,
        states.is_followed_up and (
            states.result_state <> 'unknown'
            or coalesce(states.destination_16 in ('participating', 'employment_not_participating', 'neet', 'custody'), false)
            or coalesce(states.destination_17 in ('participating', 'employment_not_participating', 'neet', 'custody'), false)
        ) as visible
    from states
    left join ledger_at_16 on ledger_at_16.learner_id = states.learner_id
)

select * from final
