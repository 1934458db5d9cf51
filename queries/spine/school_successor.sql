/*
title = "Which schools became which by merger, at once or step by step"
grain = ["school_id", "successor_id"]
reads = ["school"]
[columns]
school_id = "A school that merged"
successor_id = "A school that it became by that, or by a later merger of that one"
became_on = "The day from which it was, by the steps of which it is told; empty where no register tells any: taken to have been long ago"
step_no = "1 for what it became at once"
until_on = "The last day before that one merged in turn, long ago where the day is not told; empty for one that did not: on a day a school is one"
*/
with told as (
    select distinct school_id, merged_into_id, merged_on
    from school
    where merged_into_id is not null
),

-- No real chain is near 40 steps: the limit ends a circle.
walks as (
    with recursive walk as (
        select school_id, merged_into_id as reached_id, 1 as steps
        from told
        union all
        select walk.school_id, told.merged_into_id as reached_id, walk.steps + 1 as steps
        from walk
        inner join told on told.school_id = walk.reached_id
        where walk.steps < 40
          and walk.reached_id <> walk.school_id
    )
    select distinct school_id, reached_id
    from walk
),

-- Schools that are said to have become each other have not.
mergers as (
    select told.school_id, told.merged_into_id, told.merged_on
    from told
    left join walks
        on walks.school_id = told.school_id
       and walks.reached_id = told.school_id
    where walks.school_id is null
),

steps as (
    with recursive step as (
        select school_id, merged_into_id as successor_id, merged_on as became_on, 1 as step_no
        from mergers
        union all
        select
            step.school_id,
            mergers.merged_into_id as successor_id,
            coalesce(greatest(step.became_on, mergers.merged_on), step.became_on, mergers.merged_on) as became_on,
            step.step_no + 1 as step_no
        from step
        inner join mergers on mergers.school_id = step.successor_id
        where step.step_no < 40
    )
    select school_id, successor_id, step_no, became_on
    from step
),

final as (
    select
        steps.school_id,
        steps.successor_id,
        steps.step_no,
        steps.became_on,
        case when mergers.school_id is not null then coalesce(add_days(mergers.merged_on, -1), date_of(1, 1, 1)) end as until_on
    from steps
    left join mergers on mergers.school_id = steps.successor_id
)

select * from final
