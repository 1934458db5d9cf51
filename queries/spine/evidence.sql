/*
title = "Everything that says where a learner was, as closed intervals of days"
grain = ["source", "feed", "row_key", "entity"]
reads = ["stg_enrolment", "stg_placement", "stg_off_roll", "school", "code_enrolment_status", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
entity = "The kind of row it comes from: enrolment, placement or off_roll"
role = "What the row can say: main, placement, home, missing or concurrent"
merge_key = "What makes two rows parts of one stay: the school or provider through conversions and mergers"
succession = "The schools from merge_key back to the one of the row: parts of one stay are at one school, or at one that became the other"
tolerance_days = "How many days may lie between two parts of one stay: 56 span the summer holiday, for a roll only"
starts_on = "First day"
ends_on = "Last day, at the latest the day the build looks back from"
is_open = "Whether it still lasts"
*/
with on_roll as (
    select
        stg_enrolment.learner_id,
        'enrolment' as entity,
        code_enrolment_status.role,
        stg_enrolment.establishment_id,
        coalesce(school.merged_id, stg_enrolment.establishment_id) as merge_key,
        coalesce(school.succession, stg_enrolment.establishment_id || '/') as succession,
        56 as tolerance_days,
        'none' as legal_basis,
        stg_enrolment.status,
        stg_enrolment.starts_on,
        coalesce(stg_enrolment.ends_on, stg_enrolment.observed_on) as stated_end,
        stg_enrolment.source, stg_enrolment.feed, stg_enrolment.row_key
    from stg_enrolment
    inner join code_enrolment_status on code_enrolment_status.code = stg_enrolment.status
    left join school on school.establishment_id = stg_enrolment.establishment_id
),

placed as (
    select
        stg_placement.learner_id,
        'placement' as entity,
        'placement' as role,
        stg_placement.establishment_id,
        coalesce(school.merged_id, stg_placement.establishment_id) as merge_key,
        coalesce(school.succession, stg_placement.establishment_id || '/') as succession,
        1 as tolerance_days,
        coalesce(stg_placement.legal_basis, 'not_known') as legal_basis,
        cast(null as varchar) as status,
        stg_placement.starts_on,
        stg_placement.ends_on as stated_end,
        stg_placement.source, stg_placement.feed, stg_placement.row_key
    from stg_placement
    left join school on school.establishment_id = stg_placement.establishment_id
),

-- Flexible home education leaves the child on a roll, so it never says where the child mainly is.
off_roll as (
    select
        learner_id,
        'off_roll' as entity,
        case basis when 'ehe_full' then 'home' when 'cme' then 'missing' else 'concurrent' end as role,
        cast(null as varchar) as establishment_id,
        cast(null as varchar) as merge_key,
        cast(null as varchar) as succession,
        1 as tolerance_days,
        basis as legal_basis,
        cast(null as varchar) as status,
        starts_on,
        ends_on as stated_end,
        source, feed, row_key
    from stg_off_roll
),

intervals as (
    select * from on_roll
    union all
    select * from placed
    union all
    select * from off_roll
),

-- What ends after the day the build looks back from was still open on that day.
final as (
    select
        intervals.learner_id,
        intervals.entity,
        intervals.role,
        intervals.establishment_id,
        intervals.merge_key,
        intervals.succession,
        intervals.tolerance_days,
        intervals.legal_basis,
        intervals.status,
        intervals.starts_on,
        least(coalesce(intervals.stated_end, build_context.as_of), build_context.as_of) as ends_on,
        intervals.stated_end is null or intervals.stated_end > build_context.as_of as is_open,
        intervals.source,
        intervals.feed,
        intervals.row_key
    from intervals
    cross join build_context
    where intervals.starts_on <= least(coalesce(intervals.stated_end, build_context.as_of), build_context.as_of)
)

select * from final
