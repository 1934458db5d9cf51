/*
title = "Suspensions and permanent exclusions, each once"
grain = ["learner_id", "establishment_id", "category", "starts_on"]
reads = ["stg_suspension", "code_suspension_review"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
establishment_id = "The school that suspended or excluded"
category = "SUSP, LNCH (lunchtime) or PERM"
starts_on = "Day"
ay = "The academic year, by its end year"
reason = "First reason; of several sources the smallest in code order"
sessions = "Length in half days; of several sources the greatest; empty when not known"
review = "What governors or a panel decided, where any source says; of several the smallest in code order"
counts = "False when it was taken back or the child reinstated"
source_count = "How many sources report it"
*/
-- A suspension is reported by the school and by the authority; a permanent exclusion by one census after another, with
-- days that differ. So a permanent exclusion counts once a year at a school, on its earliest day; any other once a day.
with events as (
    select
        stg_suspension.learner_id,
        stg_suspension.establishment_id,
        stg_suspension.category,
        academic_year(stg_suspension.starts_on) as ay,
        case when stg_suspension.category = 'PERM' then academic_year(stg_suspension.starts_on)
             else days_between(date_of(2000, 1, 1), stg_suspension.starts_on)
        end as event_key,
        stg_suspension.starts_on,
        stg_suspension.reason,
        stg_suspension.sessions,
        stg_suspension.review,
        code_suspension_review.counts,
        stg_suspension.source
    from stg_suspension
    left join code_suspension_review on code_suspension_review.code = stg_suspension.review
),

final as (
    select
        learner_id,
        establishment_id,
        category,
        min(starts_on) as starts_on,
        ay,
        min(reason) as reason,
        max(sessions) as sessions,
        min(case when review <> 'none' then review end) as review,
        max(case when counts = 'N' then 1 else 0 end) = 0 as counts,
        cast(count(distinct source) as integer) as source_count
    from events
    group by learner_id, establishment_id, category, ay, event_key
)

select * from final
