/*
title = "Where each learner was, day by day, as spells: gaps are rows too"
grain = ["learner_id", "spell_no"]
reads = ["stay", "learner", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
spell_no = "Number of the spell among the learner's, by first day, main before concurrent"
role = "main: where the learner mainly was; concurrent: beside it"
starts_on = "First day"
ends_on = "Last day; for an open spell the day the build looks back from"
is_open = "Whether it still lasts"
establishment_id = "URN or site reference; empty at home, missing or not known"
school_id = "The school, through conversions: a merger ends it, and who stays is in another from then on, without a move"
kind = "Kind of establishment: none without one, not_known in a gap"
legal_basis = "none for an enrolment or a gap; else the basis of the placement or the off-roll entry"
status = "Enrolment status; empty where the spell is not an enrolment"
la_code = "Authority of the establishment"
is_gap = "Whether nobody says where the learner was"
*/
-- The days on which anything changes cut a learner's time into pieces; within a piece nothing changes.
with changes as (
    select learner_id, starts_on as day from stay
    union
    select learner_id, add_days(ends_on, 1) as day from stay
),

pieces as (
    select
        learner_id,
        day as starts_on,
        add_days(lead(day) over (partition by learner_id order by day asc nulls last), -1) as ends_on
    from changes
),

-- The main evidence of a piece: a roll before a placement, before home education, before missing education;
-- among equals the latest to start, then the greatest establishment.
stays_by_piece as (
    select
        pieces.learner_id,
        pieces.starts_on,
        pieces.ends_on,
        stay.stay_no,
        stay.role,
        row_number() over (
            partition by pieces.learner_id, pieces.starts_on
            order by case stay.role when 'main' then 1 when 'placement' then 2 when 'home' then 3 when 'missing' then 4 else 5 end asc nulls last,
                     stay.since_on desc nulls last, stay.establishment_id desc nulls last,
                     stay.status asc nulls last, stay.legal_basis asc nulls last, stay.stay_no asc nulls last
        ) as precedence
    from pieces
    inner join stay
        on stay.learner_id = pieces.learner_id
       and stay.starts_on <= pieces.starts_on
       and stay.ends_on >= pieces.ends_on
    where pieces.ends_on is not null
),

-- A home or missing education entry that a roll or a placement outranks is not shown: a check counts it.
roles_by_piece as (
    select
        learner_id, stay_no, starts_on, ends_on,
        case when precedence = 1 and role <> 'concurrent' then 'main' else 'concurrent' end as role
    from stays_by_piece
    where (precedence = 1 and role <> 'concurrent')
       or role in ('main', 'placement', 'concurrent')
),

-- Adjoining pieces of one stay in one role are one spell.
joints as (
    select
        learner_id, stay_no, role, starts_on, ends_on,
        lag(ends_on) over (partition by learner_id, stay_no, role order by starts_on asc nulls last) as end_before
    from roles_by_piece
),

numbered_joints as (
    select
        learner_id, stay_no, role, starts_on, ends_on,
        sum(case when end_before is null or starts_on > add_days(end_before, 1) then 1 else 0 end) over (
            partition by learner_id, stay_no, role
            order by starts_on asc nulls last
            rows between unbounded preceding and current row
        ) as spell_of_stay
    from joints
),

joined_spells as (
    select learner_id, stay_no, role, min(starts_on) as starts_on, max(ends_on) as ends_on
    from numbered_joints
    group by learner_id, stay_no, role, spell_of_stay
),

evidenced_spells as (
    select
        joined_spells.learner_id,
        joined_spells.role,
        joined_spells.starts_on,
        joined_spells.ends_on,
        stay.is_open and joined_spells.ends_on = stay.ends_on as is_open,
        stay.establishment_id,
        stay.school_id,
        stay.kind,
        stay.legal_basis,
        stay.status,
        stay.la_code,
        false as is_gap
    from joined_spells
    inner join stay
        on stay.learner_id = joined_spells.learner_id
       and stay.stay_no = joined_spells.stay_no
),

-- From here the gaps: runs of days for which there is no evidence at all.
main_span as (
    select learner_id, min(starts_on) as first_main_on, max(starts_on) as last_main_on
    from joined_spells
    where role = 'main'
    group by learner_id
),

cover as (
    select
        learner_id, starts_on, ends_on,
        max(ends_on) over (
            partition by learner_id order by starts_on asc nulls last, ends_on asc nulls last
            rows between unbounded preceding and current row
        ) as covered_to,
        lead(starts_on) over (
            partition by learner_id order by starts_on asc nulls last, ends_on asc nulls last
        ) as next_start
    from stay
),

uncovered as (
    select
        learner_id,
        add_days(covered_to, 1) as starts_on,
        add_days(next_start, -1) as ends_on
    from cover
    where next_start is null
       or next_start > add_days(covered_to, 1)
),

-- Follow-up ends with the year in which the learner turns sixteen. A run after the last main spell ends there.
follow_up as (
    select
        learner.learner_id,
        least(build_context.as_of, year_ends_on(learner.cohort_ay + 5)) as ends_on
    from learner
    cross join build_context
    where learner.cohort_ay is not null
),

bounded_gaps as (
    select
        uncovered.learner_id,
        uncovered.starts_on,
        case when uncovered.starts_on < main_span.last_main_on then uncovered.ends_on
             when follow_up.ends_on is not null
                 then least(coalesce(uncovered.ends_on, follow_up.ends_on), follow_up.ends_on)
        end as ends_on
    from uncovered
    inner join main_span on main_span.learner_id = uncovered.learner_id
    left join follow_up on follow_up.learner_id = uncovered.learner_id
    where uncovered.starts_on > main_span.first_main_on
),

-- 56 days span the summer holiday: what is not longer is no gap.
gaps as (
    select
        learner_id,
        'main' as role,
        starts_on,
        ends_on,
        false as is_open,
        cast(null as varchar) as establishment_id,
        cast(null as varchar) as school_id,
        'not_known' as kind,
        'none' as legal_basis,
        cast(null as varchar) as status,
        cast(null as varchar) as la_code,
        true as is_gap
    from bounded_gaps
    where days_between(starts_on, ends_on) + 1 > 56
),

spells as (
    select * from evidenced_spells
    union all
    select * from gaps
),

final as (
    select
        learner_id,
        cast(row_number() over (
            partition by learner_id
            order by starts_on asc nulls last, case role when 'main' then 1 else 2 end asc nulls last,
                     establishment_id asc nulls last, legal_basis asc nulls last, status asc nulls last, ends_on asc nulls last
        ) as integer) as spell_no,
        role,
        starts_on,
        ends_on,
        is_open,
        establishment_id,
        school_id,
        kind,
        legal_basis,
        status,
        la_code,
        is_gap
    from spells
)

select * from final
