/*
title = "Everything that says where a learner was, as closed intervals of days"
grain = ["source", "feed", "row_key", "entity", "part_no"]
reads = ["stg_enrolment", "stg_placement", "stg_off_roll", "school", "school_successor", "code_enrolment_status", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
entity = "The kind of row it comes from: enrolment, placement or off_roll"
part_no = "0 for the place that the row names; of a roll that goes on after a merger how many mergers on"
role = "What the row can say: main, placement, home, missing or concurrent"
establishment_id = "That of the row; for the days of a roll after a merger, what the school became"
merge_key = "What makes two rows parts of one stay: the school, or for a placement the provider"
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
        coalesce(school.school_id, stg_enrolment.establishment_id) as merge_key,
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

-- What merged keeps the day on which a pupil came: a roll that began on the day of one at a school that became this one was there until the merger.
kept_days as (
    select
        on_roll.learner_id,
        on_roll.starts_on,
        school_successor.successor_id,
        min(school_successor.school_id) as school_id
    from on_roll
    inner join school_successor on school_successor.school_id = on_roll.merge_key
    where school_successor.step_no = 1
      and school_successor.became_on > on_roll.starts_on
    group by on_roll.learner_id, on_roll.starts_on, school_successor.successor_id
),

rolls_named as (
    select
        on_roll.learner_id, on_roll.entity, on_roll.role,
        coalesce(kept_days.school_id, on_roll.establishment_id) as establishment_id,
        coalesce(kept_days.school_id, on_roll.merge_key) as merge_key,
        on_roll.tolerance_days, on_roll.legal_basis, on_roll.status,
        on_roll.starts_on,
        on_roll.stated_end,
        on_roll.source, on_roll.feed, on_roll.row_key
    from on_roll
    left join kept_days
        on kept_days.learner_id = on_roll.learner_id
       and kept_days.starts_on = on_roll.starts_on
       and kept_days.successor_id = on_roll.merge_key
),

-- The first step of which the day is told: from then on a school is another.
ended_schools as (
    select school_id, min(became_on) as became_on
    from school_successor
    where became_on is not null
    group by school_id
),

-- A source that goes on naming a school that merged means the school that it became.
roll_days as (
    select
        rolls_named.learner_id, rolls_named.entity, 0 as part_no, rolls_named.role,
        rolls_named.establishment_id,
        rolls_named.merge_key,
        rolls_named.tolerance_days, rolls_named.legal_basis, rolls_named.status,
        rolls_named.starts_on,
        least(rolls_named.stated_end, add_days(ended_schools.became_on, -1)) as stated_end,
        rolls_named.source, rolls_named.feed, rolls_named.row_key
    from rolls_named
    left join ended_schools on ended_schools.school_id = rolls_named.merge_key
    where ended_schools.became_on is null
       or rolls_named.starts_on < ended_schools.became_on

    union all

    select
        rolls_named.learner_id, rolls_named.entity, school_successor.step_no as part_no, rolls_named.role,
        school_successor.successor_id as establishment_id,
        school_successor.successor_id as merge_key,
        rolls_named.tolerance_days, rolls_named.legal_basis, rolls_named.status,
        greatest(rolls_named.starts_on, school_successor.became_on) as starts_on,
        least(rolls_named.stated_end, school_successor.until_on) as stated_end,
        rolls_named.source, rolls_named.feed, rolls_named.row_key
    from rolls_named
    inner join school_successor
        on school_successor.school_id = rolls_named.merge_key
       and (rolls_named.stated_end is null or rolls_named.stated_end >= school_successor.became_on)
       and (school_successor.until_on is null or rolls_named.starts_on <= school_successor.until_on)
    where school_successor.became_on is not null
),

placed as (
    select
        stg_placement.learner_id,
        'placement' as entity,
        0 as part_no,
        'placement' as role,
        stg_placement.establishment_id,
        coalesce(school.school_id, stg_placement.establishment_id) as merge_key,
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
        0 as part_no,
        case basis when 'ehe_full' then 'home' when 'cme' then 'missing' else 'concurrent' end as role,
        cast(null as varchar) as establishment_id,
        cast(null as varchar) as merge_key,
        1 as tolerance_days,
        basis as legal_basis,
        cast(null as varchar) as status,
        starts_on,
        ends_on as stated_end,
        source, feed, row_key
    from stg_off_roll
),

intervals as (
    select * from roll_days
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
        intervals.part_no,
        intervals.role,
        intervals.establishment_id,
        intervals.merge_key,
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
