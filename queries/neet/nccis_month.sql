/*
title = "What each young person of academic age 16 and 17 was doing at the end of each month that a client record tells of"
grain = ["learner_id", "month_on"]
reads = ["learner", "cohort_member", "area_spell", "stg_participation", "stg_destination", "code_nccis_activity",
         "code_nccis_cohort_status", "code_nccis_reading", "build_context"]
purposes = ["research", "participation"]
published = true
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
month_on = "The last day of the month"
ay = "The academic year, by its end year"
academic_age = "Age on 31 August at the start of the year: 16 or 17"
membership = "in_cohort: the authority leads and reports; left: its record says why no more; no_record: not in the record of this month"
resident = "Living here on the last day of the month"
ever_y6_here = "Educated or living here on any day of Year 6"
activity = "NCCIS code in force; empty where nothing is"
activity_since = "First day of it"
is_lapsed = "The record itself says that what it knows has grown too old"
status = "participating, employment_not_participating, neet, custody, not_known, or no_record: nobody here knows of anything"
status_other = "The same by the other reading of a code whose reading is not verified for the month; counted_custody is in the cohort and in no group"
*/
-- A month counts where a client record was sent for it: in any other nobody looked.
with extract_months as (
    select distinct month_ends_on(observed_on) as month_on
    from stg_participation
),

months_by_cohort as (
    select
        extract_months.month_on,
        academic_year(extract_months.month_on) as ay,
        ages.academic_age,
        academic_year(extract_months.month_on) + 10 - ages.academic_age as cohort_ay
    from extract_months
    cross join (values (16), (17)) as ages(academic_age)
),

-- Two records of one person in one month are one: what is in the cohort goes before what has left it.
ranked_records as (
    select
        stg_participation.learner_id,
        month_ends_on(stg_participation.observed_on) as month_on,
        coalesce(code_nccis_cohort_status.in_cohort, 'N') as in_cohort,
        stg_participation.currency_lapsed,
        row_number() over (
            partition by stg_participation.learner_id, month_ends_on(stg_participation.observed_on)
            order by code_nccis_cohort_status.in_cohort desc nulls last, stg_participation.observed_on desc nulls last,
                     stg_participation.currency_lapsed asc nulls last, stg_participation.cohort_status asc nulls last
        ) as place
    from stg_participation
    left join code_nccis_cohort_status
        on code_nccis_cohort_status.code = stg_participation.cohort_status
       and (code_nccis_cohort_status.valid_from is null or code_nccis_cohort_status.valid_from <= stg_participation.observed_on)
       and (code_nccis_cohort_status.valid_to is null or code_nccis_cohort_status.valid_to > stg_participation.observed_on)
),

candidates as (
    select
        learner.learner_id,
        months_by_cohort.month_on,
        months_by_cohort.ay,
        months_by_cohort.academic_age,
        case ranked_records.in_cohort when 'Y' then 'in_cohort' when 'N' then 'left' else 'no_record' end as membership,
        coalesce(ranked_records.currency_lapsed, false) as is_lapsed,
        coalesce(area_spell.home_la = build_context.home_authority, false) as resident,
        coalesce(cohort_member.ever_y6_here, false) as ever_y6_here
    from learner
    cross join build_context
    inner join months_by_cohort on months_by_cohort.cohort_ay = learner.cohort_ay
    left join ranked_records
        on ranked_records.learner_id = learner.learner_id
       and ranked_records.month_on = months_by_cohort.month_on
       and ranked_records.place = 1
    left join area_spell
        on area_spell.learner_id = learner.learner_id
       and area_spell.starts_on <= months_by_cohort.month_on
       and area_spell.ends_on >= months_by_cohort.month_on
    left join cohort_member on cohort_member.learner_id = learner.learner_id
),

members as (
    select *
    from candidates
    where membership <> 'no_record'
       or resident
       or ever_y6_here
),

-- Of several in force on the day the latest to start is the one: which of two goes before is the same in every month.
ordered as (
    select
        learner_id,
        starts_on,
        ends_on,
        activity,
        row_number() over (
            partition by learner_id
            order by starts_on desc nulls last, activity asc nulls last, ends_on desc nulls first
        ) as place
    from stg_destination
),

first_in_force as (
    select members.learner_id, members.month_on, min(ordered.place) as place
    from members
    inner join ordered
        on ordered.learner_id = members.learner_id
       and ordered.starts_on <= members.month_on
       and (ordered.ends_on is null or ordered.ends_on >= members.month_on)
    group by members.learner_id, members.month_on
),

in_force as (
    select first_in_force.learner_id, first_in_force.month_on, ordered.activity, ordered.starts_on
    from first_in_force
    inner join ordered
        on ordered.learner_id = first_in_force.learner_id
       and ordered.place = first_in_force.place
),

-- A code is read by the list of its first day, and its doubt by that of the month it is counted in.
groups as (
    select
        in_force.learner_id,
        in_force.month_on,
        in_force.activity,
        in_force.starts_on as activity_since,
        coalesce(code_nccis_activity.status_group, 'not_known') as status_group,
        coalesce(code_nccis_reading.other_group, code_nccis_activity.status_group, 'not_known') as other_group
    from in_force
    left join code_nccis_activity
        on code_nccis_activity.code = in_force.activity
       and (code_nccis_activity.valid_from is null or code_nccis_activity.valid_from <= in_force.starts_on)
       and (code_nccis_activity.valid_to is null or code_nccis_activity.valid_to > in_force.starts_on)
    left join code_nccis_reading
        on code_nccis_reading.code = in_force.activity
       and (code_nccis_reading.valid_from is null or code_nccis_reading.valid_from <= in_force.month_on)
       and (code_nccis_reading.valid_to is null or code_nccis_reading.valid_to > in_force.month_on)
),

-- Who has left the record is followed by nobody here, and what is too old is known no more.
final as (
    select
        members.learner_id,
        members.month_on,
        members.ay,
        members.academic_age,
        members.membership,
        members.resident,
        members.ever_y6_here,
        groups.activity,
        groups.activity_since,
        members.is_lapsed,
        case when members.membership = 'left' then 'no_record'
             when members.is_lapsed then 'not_known'
             when groups.learner_id is not null then groups.status_group
             when members.membership = 'in_cohort' then 'not_known'
             else 'no_record'
        end as status,
        case when members.membership = 'left' then 'no_record'
             when members.is_lapsed then 'not_known'
             when groups.learner_id is not null then groups.other_group
             when members.membership = 'in_cohort' then 'not_known'
             else 'no_record'
        end as status_other
    from members
    left join groups
        on groups.learner_id = members.learner_id
       and groups.month_on = members.month_on
)

select * from final
