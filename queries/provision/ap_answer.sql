/*
title = "What each placement says to each measure that is a share or a mean: nothing where the question does not arise"
grain = ["learner_id", "placement_no", "measure"]
reads = ["ap_outcome", "code_ap_measure"]
of_many = ["amount"]
[columns]
learner_id = "Pseudonym of the learner"
placement_no = "The placement"
measure = "Code of the measure"
answer = "yes, no or missing, for shares"
amount = "The number, for means; missing where it is empty"
*/
-- Everybody who started is asked. Whoever did not come back has not come back and stayed.
with shares as (
    select
        ap_outcome.*,
        code_ap_measure.code as measure,
        case code_ap_measure.code
            when 'part_time' then case when hours_state in ('not_known', 'no_rule_for_year') then 'missing' when hours_state = 'part_time' then 'yes' else 'no' end
            when 'part_time_without_review' then case when review_state in ('none', 'overdue') then 'yes' when review_state = 'planned' then 'no' end
            when 'over_a_year' then case when days > 365 then 'yes' when not is_open then 'no' else 'missing' end
            when 'reintegration' then case return_state when 'returned' then 'yes' when 'not_returned' then 'no' when 'not_due' then 'missing' end
            when 'sustained_two_terms' then case sustained_two_terms when 'sustained' then 'yes' when 'not_sustained' then 'no'
                                                 when 'not_returned' then 'no' when 'finished' then null else 'missing' end
            when 'sustained_12_months' then case sustained_12_months when 'sustained' then 'yes' when 'not_sustained' then 'no'
                                                 when 'not_returned' then 'no' when 'finished' then null else 'missing' end
            when 'repeat_referral' then case repeat_referral when 'not_due' then 'missing' else repeat_referral end
            when 'english_entered' then case when not is_finished then null
                                             when english_entry = 'unknown' or maths_entry = 'unknown' then 'missing'
                                             when english_entry <> 'not_entered' and maths_entry <> 'not_entered' then 'yes' else 'no' end
            when 'level1_english_maths' then case when not is_finished then null when ladder_state = 'unknown' then 'missing'
                                                  when level1_english_maths then 'yes' else 'no' end
            when 'level2_english_maths' then case when not is_finished then null when ladder_state = 'unknown' then 'missing'
                                                  when level2_english_maths then 'yes' else 'no' end
            when 'sustained_16' then case sustained_16 when 'sustained' then 'yes' when 'not_sustained' then 'no' when 'unknown' then 'missing' end
            when 'sustained_17' then case sustained_17 when 'sustained' then 'yes' when 'not_sustained' then 'no' when 'unknown' then 'missing' end
            when 'destination_not_known' then case sustained_16 when 'sustained' then 'no' when 'not_sustained' then 'no' when 'unknown' then 'yes' end
            when 'missing_from_provision' then case when went_missing then 'yes' else 'no' end
            when 'has_objectives' then case when has_objectives then 'yes' when not has_objectives then 'no' else 'missing' end
            when 'has_baseline' then case when has_baseline then 'yes' else 'no' end
            when 'has_review' then case when has_review then 'yes' when not has_review then 'no' else 'missing' end
            when 'has_end_reason' then case when has_end_reason then 'yes' when not has_end_reason then 'no' end
        end as answer
    from ap_outcome
    cross join code_ap_measure
    where code_ap_measure.form = 'share'
),

means as (
    select
        ap_outcome.*,
        code_ap_measure.code as measure,
        case code_ap_measure.code
            when 'attendance_change' then attendance_change
            when 'hours_per_week' then hours_per_week
            when 'ladder5' then ladder5
            when 'distance_index' then distance_index
        end as amount
    from ap_outcome
    cross join code_ap_measure
    where code_ap_measure.form = 'mean'
      and (code_ap_measure.code in ('attendance_change', 'hours_per_week') or ap_outcome.is_finished)
),

final as (
    select learner_id, placement_no, establishment_id, ay, audit_group, measure, answer, cast(null as decimal(9, 4)) as amount
    from shares
    where answer is not null
    union all
    select learner_id, placement_no, establishment_id, ay, audit_group, measure, cast(null as varchar) as answer, cast(amount as decimal(9, 4)) as amount
    from means
)

select * from final
