/*
title = "Members who died, left England or moved to another authority by the end of Year 11"
grain = ["learner_id"]
reads = ["cohort_member", "stg_enrolment", "stg_off_roll", "spell", "area_spell", "build_context"]
[columns]
learner_id = "Pseudonym of the learner; members for whom nothing of it is known are not here"
has_died = "An enrolment ended with the death of the learner"
has_left_england = "Left England, and was at no main setting that began later"
has_moved_away = "On the last Friday of June of Year 11 the home authority is known and another, and it was this one on a day before, from the start of Year 6 on"
*/
with departures as (
    select learner_id, leaving_reason as reason, ends_on
    from stg_enrolment
    where leaving_reason in ('died', 'left_england')
      and ends_on is not null
    union all
    select learner_id, end_reason as reason, ends_on
    from stg_off_roll
    where end_reason = 'left_england'
      and ends_on is not null
),

departures_by_16 as (
    select
        cohort_member.learner_id,
        cohort_member.cohort_ay,
        max(case when departures.reason = 'died' then 1 else 0 end) = 1 as has_died,
        max(case when departures.reason = 'left_england' then departures.ends_on end) as left_england_on
    from cohort_member
    inner join departures on departures.learner_id = cohort_member.learner_id
    where departures.ends_on <= year_ends_on(cohort_member.cohort_ay + 5)
    group by cohort_member.learner_id, cohort_member.cohort_ay
),

-- Who comes back has not left.
returns as (
    select distinct departures_by_16.learner_id
    from departures_by_16
    inner join spell on spell.learner_id = departures_by_16.learner_id
    where spell.role = 'main'
      and not spell.is_gap
      and spell.starts_on > departures_by_16.left_england_on
      and spell.starts_on <= year_ends_on(departures_by_16.cohort_ay + 5)
),

-- Whoever lived elsewhere all along has not moved away: they are a school's pupils, and stay in its account.
elsewhere as (
    select distinct cohort_member.learner_id
    from cohort_member
    cross join build_context
    inner join area_spell on area_spell.learner_id = cohort_member.learner_id
    inner join area_spell as earlier on earlier.learner_id = cohort_member.learner_id
    where area_spell.starts_on <= last_friday_of_june(cohort_member.cohort_ay + 5)
      and area_spell.ends_on >= last_friday_of_june(cohort_member.cohort_ay + 5)
      and area_spell.home_la <> build_context.home_authority
      and earlier.home_la = build_context.home_authority
      and earlier.starts_on < area_spell.starts_on
      and earlier.ends_on >= date_of(cohort_member.cohort_ay - 1, 9, 1)
),

final as (
    select
        cohort_member.learner_id,
        coalesce(departures_by_16.has_died, false) as has_died,
        departures_by_16.left_england_on is not null and returns.learner_id is null as has_left_england,
        elsewhere.learner_id is not null as has_moved_away
    from cohort_member
    left join departures_by_16 on departures_by_16.learner_id = cohort_member.learner_id
    left join returns on returns.learner_id = cohort_member.learner_id
    left join elsewhere on elsewhere.learner_id = cohort_member.learner_id
    where departures_by_16.learner_id is not null
       or elsewhere.learner_id is not null
)

select * from final
