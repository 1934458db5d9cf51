/*
title = "Every change of home authority: from where, to where, when, and by what evidence"
grain = ["learner_id", "moved_on"]
reads = ["area_spell", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
moved_on = "The first day on which the new authority is known to be the home: an address is learnt once or twice a year, so the move may be some months older"
ay = "The academic year, by its end year, of that day"
from_la = "Authority of the home before"
to_la = "Authority of the home from then on"
direction = "in: to here from elsewhere; out: from here to elsewhere; elsewhere: between two other authorities"
evidence = "What says so: register (home or missing education, on the day), transfer (handed over between authorities) or address"
*/
-- A home of which nobody knew before is no move: it is taken to have been the same all along. Moves within an authority are none here.
with homes as (
    select
        learner_id,
        starts_on,
        home_la,
        home_evidence,
        lag(home_la) over (partition by learner_id order by starts_on asc nulls last) as la_before
    from area_spell
),

final as (
    select
        homes.learner_id,
        homes.starts_on as moved_on,
        academic_year(homes.starts_on) as ay,
        homes.la_before as from_la,
        homes.home_la as to_la,
        case when homes.home_la = build_context.home_authority then 'in'
             when homes.la_before = build_context.home_authority then 'out'
             else 'elsewhere'
        end as direction,
        homes.home_evidence as evidence
    from homes
    cross join build_context
    where homes.home_la <> homes.la_before
)

select * from final
