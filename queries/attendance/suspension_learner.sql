/*
title = "Suspensions and permanent exclusions of each learner in each year: only those who had any"
grain = ["learner_id", "ay"]
reads = ["suspension_event"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ay = "The academic year, by its end year"
n_suspensions = "Suspensions that count"
sessions_suspended = "Half days of those whose length is known"
n_length_not_known = "Suspensions whose length nobody tells"
n_lunchtime = "Lunchtime suspensions, which the published rate leaves out"
permanently_excluded = "Permanently excluded, and not taken back"
n_taken_back = "Suspensions and exclusions that were taken back"
*/
with final as (
    select
        learner_id,
        ay,
        cast(count(*) filter (where counts and category = 'SUSP') as integer) as n_suspensions,
        cast(coalesce(sum(sessions) filter (where counts and category = 'SUSP'), 0) as integer) as sessions_suspended,
        cast(count(*) filter (where counts and category = 'SUSP' and sessions is null) as integer) as n_length_not_known,
        cast(count(*) filter (where counts and category = 'LNCH') as integer) as n_lunchtime,
        count(*) filter (where counts and category = 'PERM') > 0 as permanently_excluded,
        cast(count(*) filter (where not counts) as integer) as n_taken_back
    from suspension_event
    group by learner_id, ay
)

select * from final
