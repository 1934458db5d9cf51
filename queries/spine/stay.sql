/*
title = "Stays: evidence of the same learner at the same school, joined"
grain = ["learner_id", "stay_no"]
reads = ["evidence", "school", "school_successor"]
[columns]
learner_id = "Pseudonym of the learner"
stay_no = "Number of the stay among the learner's"
role = "What the stay can say: main, placement, home, missing or concurrent"
establishment_id = "The establishment of its latest part"
school_id = "The school, through conversions"
since_on = "First day of the stay or, where it goes on after a merger, of the stay before: among several at once the latest counts"
is_open = "Whether it still lasts"
*/
-- Parts can lie inside one another (a census row within a long enrolment), so each is compared with the greatest end
-- so far and not with the end of the one before.
with parts as (
    select
        learner_id, role, establishment_id, merge_key, tolerance_days, legal_basis, status, starts_on, ends_on, is_open,
        max(ends_on) over (
            partition by learner_id, role, merge_key, legal_basis, status
            order by starts_on asc nulls last, ends_on asc nulls last, establishment_id asc nulls last, row_key asc nulls last
            rows between unbounded preceding and 1 preceding
        ) as greatest_end_so_far,
        row_key
    from evidence
),

numbered_parts as (
    select
        learner_id, role, establishment_id, merge_key, legal_basis, status, starts_on, ends_on, is_open,
        sum(case when greatest_end_so_far is null or starts_on > add_days(greatest_end_so_far, tolerance_days) then 1 else 0 end) over (
            partition by learner_id, role, merge_key, legal_basis, status
            order by starts_on asc nulls last, ends_on asc nulls last, establishment_id asc nulls last, row_key asc nulls last
            rows between unbounded preceding and current row
        ) as stay_of_key
    from parts
),

-- After a conversion the stay carries the new establishment: the one of its latest part.
ranked_parts as (
    select
        *,
        row_number() over (
            partition by learner_id, role, merge_key, legal_basis, status, stay_of_key
            order by starts_on desc nulls last, establishment_id desc nulls last
        ) as lateness
    from numbered_parts
),

-- An open part reaches the last day there is, so any open part makes the stay open.
stays as (
    select
        learner_id, role, merge_key, legal_basis, status, stay_of_key,
        max(case when lateness = 1 then establishment_id end) as establishment_id,
        min(starts_on) as starts_on,
        max(ends_on) as ends_on,
        max(case when is_open then 1 else 0 end) = 1 as is_open
    from ranked_parts
    group by learner_id, role, merge_key, legal_basis, status, stay_of_key
),

final_stays as (
    select
        stays.learner_id,
        row_number() over (
            partition by stays.learner_id
            order by stays.starts_on asc nulls last, stays.role asc nulls last, stays.merge_key asc nulls last,
                     stays.legal_basis asc nulls last, stays.status asc nulls last
        ) as stay_no,
        stays.role,
        stays.establishment_id,
        coalesce(school.school_id, stays.establishment_id) as school_id,
        -- A provider that no register describes is not a registered school; the child placed there is still in provision.
        case
            when stays.establishment_id is null then 'none'
            when stays.role = 'placement' and coalesce(school.kind, 'none') = 'none' then 'unregistered'
            else coalesce(school.kind, 'none')
        end as kind,
        school.la_code,
        stays.legal_basis,
        stays.status,
        stays.starts_on,
        stays.ends_on,
        stays.is_open
    from stays
    left join school on school.establishment_id = stays.establishment_id
),

-- Who was there when a school merged has been at what it became for as long.
gone_on as (
    select after.learner_id, after.stay_no, min(before.starts_on) as since_on
    from final_stays as after
    inner join school_successor on school_successor.successor_id = after.school_id
    inner join final_stays as before
        on before.learner_id = after.learner_id
       and before.school_id = school_successor.school_id
       and before.role = after.role
       and before.starts_on < after.starts_on
       and before.ends_on >= add_days(after.starts_on, -57)
       and coalesce(school_successor.became_on <= add_days(after.starts_on, 31), true)
    group by after.learner_id, after.stay_no
),

final as (
    select final_stays.*, coalesce(gone_on.since_on, final_stays.starts_on) as since_on
    from final_stays
    left join gone_on
        on gone_on.learner_id = final_stays.learner_id
       and gone_on.stay_no = final_stays.stay_no
)

select * from final
