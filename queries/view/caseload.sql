/*
title = "Where each learner is, and where and when they were last seen"
grain = ["learner_id"]
reads = ["standing", "sighting"]
purposes = ["participation", "ap_commissioning"]
[columns]
learner_id = "Pseudonym of the learner"
year_group = "Year group by age; 12 and more after the end of compulsory schooling"
at_present = "School or provider where the learner mainly is; empty where nothing says so"
kind = "Kind of that place"
standing = "Registration, duty or register by which the learner is there"
since = "First day there"
also_at = "Where the learner is beside it: a provider, a second registration"
also_since = "First day there"
activity = "Activity after 16 in force, as the authority recorded it"
activity_since = "First day of it"
activity_verified = "Day on which it was last confirmed"
last_seen_on = "The last day of which anybody says where the learner was"
last_seen_at = "School, provider or activity of that day"
*/
with final as (
    select
        standing.learner_id,
        standing.year_group,
        standing.at_present,
        standing.kind,
        standing.standing,
        standing.since,
        standing.also_at,
        standing.also_since,
        standing.activity,
        standing.activity_since,
        standing.activity_verified,
        sighting.last_seen_on,
        sighting.last_seen_at
    from standing
    left join sighting on sighting.learner_id = standing.learner_id
)

select * from final
