/*
title = "Where each member was in Year 11, on two days: the main place and the actual one"
grain = ["learner_id"]
reads = ["cohort_member", "spell", "stay", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
setting_jan_main = "On the January census day, by the main registration"
setting_jan_actual = "On the January census day, where the learner really was"
setting_jun_main = "On the last Friday of June, by the main registration"
setting_jun_actual = "On the last Friday of June, where the learner really was"
jan_la_code = "Authority of the main establishment on the January census day"
*/
with days as (
    select cohort_member.learner_id, 'jan' as term, third_thursday_of_january(cohort_member.cohort_ay + 5) as day
    from cohort_member
    cross join build_context
    where year_ends_on(cohort_member.cohort_ay + 5) <= build_context.as_of
    union all
    select cohort_member.learner_id, 'jun' as term, last_friday_of_june(cohort_member.cohort_ay + 5) as day
    from cohort_member
    cross join build_context
    where year_ends_on(cohort_member.cohort_ay + 5) <= build_context.as_of
),

main_places as (
    select
        days.learner_id,
        days.term,
        days.day,
        case when spell.learner_id is null or spell.is_gap then 'not_known'
             when spell.legal_basis = 'ehe_full' then 'ehe'
             when spell.legal_basis = 'cme' then 'cme'
             else spell.kind
        end as setting,
        spell.la_code
    from days
    left join spell
        on spell.learner_id = days.learner_id
       and spell.role = 'main'
       and spell.starts_on <= days.day
       and spell.ends_on >= days.day
),

-- Where the learner really was: a placement before a subsidiary registration, both before the main one.
other_places as (
    select
        days.learner_id,
        days.term,
        stay.kind,
        row_number() over (
            partition by days.learner_id, days.term
            order by case when stay.role = 'placement' then 1 else 2 end asc nulls last,
                     stay.starts_on desc nulls last, stay.establishment_id desc nulls last,
                     stay.legal_basis asc nulls last
        ) as place
    from days
    inner join stay
        on stay.learner_id = days.learner_id
       and stay.starts_on <= days.day
       and stay.ends_on >= days.day
    where stay.role = 'placement'
       or stay.status = 'S'
),

settings as (
    select
        main_places.learner_id,
        main_places.term,
        main_places.setting as main_setting,
        coalesce(other_places.kind, main_places.setting) as actual_setting,
        main_places.la_code
    from main_places
    left join other_places
        on other_places.learner_id = main_places.learner_id
       and other_places.term = main_places.term
       and other_places.place = 1
),

final as (
    select
        learner_id,
        max(case when term = 'jan' then main_setting end) as setting_jan_main,
        max(case when term = 'jan' then actual_setting end) as setting_jan_actual,
        max(case when term = 'jun' then main_setting end) as setting_jun_main,
        max(case when term = 'jun' then actual_setting end) as setting_jun_actual,
        max(case when term = 'jan' then la_code end) as jan_la_code
    from settings
    group by learner_id
)

select * from final
