/*
title = "Learners who live here as far as is known, by year group, and who said the last word of them"
grain = ["learner_id"]
reads = ["standing", "sighting", "area_spell", "build_context"]
purposes = ["participation", "ap_commissioning"]
[columns]
learner_id = "Pseudonym of the learner"
year_group = "Year group by age; 12 and more after the end of compulsory schooling"
home = "here: the home authority is this one; not known: nobody says where the home is"
last_source = "The source that said the last word of where the learner was; empty where nobody did"
last_seen_on = "The day of it"
*/
-- Who is counted as missing from a roll: whoever lives here, and whoever may.
with homes as (
    select
        area_spell.learner_id,
        area_spell.home_la,
        row_number() over (
            partition by area_spell.learner_id
            order by area_spell.starts_on desc nulls last
        ) as place
    from area_spell
    cross join build_context
    where area_spell.starts_on <= build_context.as_of
),

final as (
    select
        standing.learner_id,
        standing.year_group,
        case when homes.home_la is null then 'not known' else 'here' end as home,
        sighting.last_source,
        sighting.last_seen_on
    from standing
    cross join build_context
    left join homes on homes.learner_id = standing.learner_id and homes.place = 1
    left join sighting on sighting.learner_id = standing.learner_id
    where homes.home_la is null
       or homes.home_la = build_context.home_authority
)

select * from final
