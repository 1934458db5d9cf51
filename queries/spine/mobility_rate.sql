/*
title = "How many pupils join and leave schools outside the usual times, for each hundred on roll"
grain = ["ay", "scope", "category"]
reads = ["spell", "school_move", "school_successor", "learner_year", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ay = "The academic year, by its end year"
scope = "all: schools here together; kind: those of one kind; school: one school, through conversions"
category = "all, a kind of establishment, or the id of the school"
n_on_roll = "Pupils on a main roll (single, or main of two) on the January census day: the denominator"
n_joined = "Main rolls that began in the year at another school than the place before; in August and September only those by a known move that is neither a change of phase nor the end of a school"
n_joined_from_nowhere = "Of them those of whom nothing is known before: from abroad, or from where no source tells"
n_left = "Main rolls that ended in the year with a move that is neither a change of phase, the end of schooling nor the school's own end"
n_left_unexplained = "Of them those that nothing explains"
n_left_to_nowhere = "Of them those after which nobody knows of a place: with n_joined_from_nowhere what is missing, counted and not left out"
n_school_closed = "Main rolls that ended because the school closed: counted beside n_left, not in it"
numerator = "n_joined + n_left: events, not pupils"
rate = "numerator for each hundred on roll; empty where nobody was on roll in January"
rate_low = "Lower end of its 95% interval, as if events stood alone"
rate_high = "Upper end of its 95% interval"
*/
-- Whoever changes school within an authority leaves one and joins another: over all schools here that is two events, as in
-- the usual measure of a school's mobility. A roll that begins when a phase does, or ends when one does, is none; nor is one that
-- ends with its school, which says nothing of how many come and go there. Who joins another school for that in mid-year counts there. Of
-- whoever comes in a September and was nowhere before it is not known whether a phase began elsewhere.
with places as (
    select
        spell.learner_id,
        spell.starts_on,
        spell.ends_on,
        spell.school_id,
        spell.kind,
        spell.status in ('C', 'M') and spell.la_code = build_context.home_authority as is_roll_here,
        lag(coalesce(spell.school_id, spell.legal_basis))
            over (partition by spell.learner_id order by spell.starts_on asc nulls last) as place_before
    from spell
    cross join build_context
    where spell.role = 'main'
      and not spell.is_gap
),

joined as (
    select
        academic_year(places.starts_on) as ay,
        places.school_id,
        places.kind,
        0 as n_on_roll,
        1 as n_joined,
        case when places.place_before is null then 1 else 0 end as n_joined_from_nowhere,
        0 as n_left,
        0 as n_left_unexplained,
        0 as n_left_to_nowhere,
        0 as n_school_closed
    from places
    left join school_move
        on school_move.learner_id = places.learner_id
       and school_move.joined_on = places.starts_on
    left join school_successor
        on school_successor.school_id = places.place_before
       and school_successor.successor_id = places.school_id
       and coalesce(school_successor.became_on <= add_days(places.starts_on, 31), true)
    where places.is_roll_here
      and (places.place_before is null or places.place_before <> places.school_id)
      and school_successor.school_id is null
      and ((month(places.starts_on) <> 8 and month(places.starts_on) <> 9)
           or school_move.move_type not in ('phase_transition', 'school_closed'))
),

departed as (
    select
        school_move.ay,
        places.school_id,
        places.kind,
        0 as n_on_roll,
        0 as n_joined,
        0 as n_joined_from_nowhere,
        case when school_move.move_type <> 'school_closed' then 1 else 0 end as n_left,
        case when school_move.move_type = 'unexplained' then 1 else 0 end as n_left_unexplained,
        case when school_move.move_type <> 'school_closed' and school_move.joined_on is null then 1 else 0 end as n_left_to_nowhere,
        case when school_move.move_type = 'school_closed' then 1 else 0 end as n_school_closed
    from school_move
    inner join places
        on places.learner_id = school_move.learner_id
       and places.ends_on = school_move.left_on
    where places.is_roll_here
      and school_move.move_type not in ('phase_transition', 'end_of_schooling')
),

on_roll as (
    select
        ay,
        school_id,
        kind,
        1 as n_on_roll,
        0 as n_joined,
        0 as n_joined_from_nowhere,
        0 as n_left,
        0 as n_left_unexplained,
        0 as n_left_to_nowhere,
        0 as n_school_closed
    from learner_year
    where on_roll
      and attending
),

events as (
    select * from joined
    union all
    select * from departed
    union all
    select * from on_roll
),

grouped as (
    select
        events.ay,
        scopes.scope,
        case scopes.scope when 'all' then 'all' when 'kind' then events.kind else events.school_id end as category,
        events.n_on_roll,
        events.n_joined,
        events.n_joined_from_nowhere,
        events.n_left,
        events.n_left_unexplained,
        events.n_left_to_nowhere,
        events.n_school_closed
    from events
    cross join (values ('all'), ('kind'), ('school')) as scopes(scope)
),

counts as (
    select
        ay,
        scope,
        category,
        sum(n_on_roll) as n_on_roll,
        sum(n_joined) as n_joined,
        sum(n_joined_from_nowhere) as n_joined_from_nowhere,
        sum(n_left) as n_left,
        sum(n_left_unexplained) as n_left_unexplained,
        sum(n_left_to_nowhere) as n_left_to_nowhere,
        sum(n_school_closed) as n_school_closed
    from grouped
    group by ay, scope, category
),

final as (
    select
        ay,
        scope,
        category,
        cast(n_on_roll as bigint) as n_on_roll,
        cast(n_joined as bigint) as n_joined,
        cast(n_joined_from_nowhere as bigint) as n_joined_from_nowhere,
        cast(n_left as bigint) as n_left,
        cast(n_left_unexplained as bigint) as n_left_unexplained,
        cast(n_left_to_nowhere as bigint) as n_left_to_nowhere,
        cast(n_school_closed as bigint) as n_school_closed,
        cast(n_joined + n_left as bigint) as numerator,
        per_hundred(n_joined + n_left, n_on_roll) as rate,
        poisson_low(n_joined + n_left, n_on_roll) as rate_low,
        poisson_high(n_joined + n_left, n_on_roll) as rate_high
    from counts
)

select * from final
