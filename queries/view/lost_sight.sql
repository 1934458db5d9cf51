/*
title = "Learners of whom nothing says where they are: no place, no home education, no known activity"
grain = ["learner_id"]
reads = ["standing", "sighting", "build_context"]
purposes = ["participation", "ap_commissioning"]
[columns]
learner_id = "Pseudonym of the learner"
year_group = "Year group by age; 12 and more after the end of compulsory schooling"
last_seen_on = "The last day of which anybody says where the learner was; empty where nobody ever did"
last_seen_at = "School, provider or activity of that day"
days_since = "Days from then to the day the tables look back from"
recorded_as = "What the registers say instead: missing education, or an activity that is not known; empty where they say nothing"
recorded_since = "Since when"
*/
with final as (
    select
        standing.learner_id,
        standing.year_group,
        sighting.last_seen_on,
        sighting.last_seen_at,
        days_between(sighting.last_seen_on, build_context.as_of) as days_since,
        coalesce(standing.standing, standing.activity) as recorded_as,
        coalesce(standing.since, standing.activity_since) as recorded_since
    from standing
    cross join build_context
    left join sighting on sighting.learner_id = standing.learner_id
    where not standing.is_known
)

select * from final
