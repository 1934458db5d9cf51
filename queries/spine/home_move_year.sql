/*
title = "Moves into and out of the authority, year by year and by what says so, zeros too"
grain = ["ay", "direction", "evidence"]
reads = ["home_move", "area_spell", "school_year", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ay = "The academic year, by its end year"
direction = "in, out or elsewhere, as in home_move"
evidence = "all, or register, transfer or address: what says so"
n_moves = "Moves learnt of in the year"
n_learners = "Learners who made them"
n_resident = "Learners known to live here on 1 September, at the start of the year: what the moves are read beside"
n_missing = "Learners of whom something is known on that day and not where they live: a move of theirs is not seen"
*/
-- Counts and no rate: who moves in was not among those who lived here, and who is loaded at all differs from year to year.
with started as (
    select
        school_year.ay,
        count(*) filter (where area_spell.home_la = build_context.home_authority) as n_resident,
        count(*) filter (where area_spell.home_la is null) as n_missing
    from school_year
    cross join build_context
    inner join area_spell
        on area_spell.starts_on <= school_year.starts_on
       and area_spell.ends_on >= school_year.starts_on
    group by school_year.ay
),

years as (
    select ay from started
    union
    select ay from home_move
),

moves as (
    select
        home_move.ay,
        home_move.direction,
        kinds.evidence,
        count(*) as n_moves,
        count(distinct home_move.learner_id) as n_learners
    from home_move
    inner join (values ('all'), ('register'), ('transfer'), ('address')) as kinds(evidence)
        on kinds.evidence = 'all'
        or kinds.evidence = home_move.evidence
    group by home_move.ay, home_move.direction, kinds.evidence
),

final as (
    select
        years.ay,
        directions.direction,
        kinds.evidence,
        coalesce(moves.n_moves, 0) as n_moves,
        coalesce(moves.n_learners, 0) as n_learners,
        coalesce(started.n_resident, 0) as n_resident,
        coalesce(started.n_missing, 0) as n_missing
    from years
    cross join (values ('in'), ('out'), ('elsewhere')) as directions(direction)
    cross join (values ('all'), ('register'), ('transfer'), ('address')) as kinds(evidence)
    left join started on started.ay = years.ay
    left join moves
        on moves.ay = years.ay
       and moves.direction = directions.direction
       and moves.evidence = kinds.evidence
)

select * from final
