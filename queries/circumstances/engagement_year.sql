/*
title = "What was done with and for each learner in each year: interventions, activities, contact with home, careers, access, money, and the learner's own view"
grain = ["learner_id", "ay"]
reads = ["learner_year", "stg_engagement", "code_engagement_kind"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["n_interventions", "n_interventions_completed", "n_activities", "n_home_contacts", "n_careers", "n_careers_interviews", "n_employer_encounters", "n_work_experience", "n_access", "n_devices", "pp_spend", "n_views"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ay = "The academic year, by its end year"
on_roll = "On a main roll on the January census day"
attending = "At an establishment here on the January census day"
resident = "Living here on the January census day"
kind = "Kind of establishment of that day; not_known where nobody says"
n_interventions = "Interventions that began in the year; empty where nobody tells of interventions"
n_interventions_completed = "Of them those that are said to have been seen through"
n_activities = "Activities, but those that the learner is said to have missed; empty where nobody tells of activities"
n_home_contacts = "Contacts with home, but those in which nobody was reached; empty where nobody tells of contacts"
n_careers = "Careers events, but those that the learner is said to have missed; empty where nobody tells of careers"
n_careers_interviews = "Of them guidance interviews"
n_employer_encounters = "Of them encounters with employers"
n_work_experience = "Of them work experience"
n_access = "Devices, connections, transport and meals given; empty where nobody tells of access"
n_devices = "Of them devices and connections"
pp_spend = "Pounds of the pupil premium spent on the learner, as far as told; empty where nobody tells of money"
n_views = "Answers about the learner's own view; empty where nobody asks"
view = "Mean of those answers, each as a share of its scale; empty without one"
*/
-- Somebody tells of a domain when, in that year, any row of it is about the learner or about anybody else at the same school in
-- January. There nothing means none; elsewhere nothing means that nobody says. A row belongs to the year in which it begins. Where
-- several sources tell of one kind on one day, the one that tells most is taken; they are never added.
with told_rows as (
    select
        stg_engagement.learner_id,
        academic_year(stg_engagement.starts_on) as ay,
        stg_engagement.kind,
        stg_engagement.starts_on,
        stg_engagement.source,
        code_engagement_kind.domain,
        case when coalesce(stg_engagement.attended, true) then 1 else 0 end as is_taken,
        case when coalesce(stg_engagement.completed, false) then 1 else 0 end as is_completed,
        stg_engagement.amount,
        case when stg_engagement.score <= stg_engagement.score_of
             then share_of(cast(stg_engagement.score * 100 as bigint), stg_engagement.score_of * 100) end as answer
    from stg_engagement
    inner join code_engagement_kind
        on code_engagement_kind.code = stg_engagement.kind
       and (code_engagement_kind.valid_from is null or code_engagement_kind.valid_from <= stg_engagement.starts_on)
       and (code_engagement_kind.valid_to is null or code_engagement_kind.valid_to > stg_engagement.starts_on)
),

of_each_source as (
    select
        learner_id,
        ay,
        kind,
        starts_on,
        domain,
        source,
        sum(is_taken) as n_taken,
        sum(is_completed) as n_completed,
        sum(amount) as amount,
        max(answer) as answer
    from told_rows
    group by learner_id, ay, kind, starts_on, domain, source
),

events as (
    select
        learner_id,
        ay,
        kind,
        domain,
        max(n_taken) as n_taken,
        max(n_completed) as n_completed,
        max(amount) as amount,
        max(answer) as answer
    from of_each_source
    group by learner_id, ay, kind, starts_on, domain
),

counts as (
    select
        learner_id,
        ay,
        sum(case when domain = 'intervention' then n_taken end) as n_interventions,
        sum(case when domain = 'intervention' then n_completed end) as n_interventions_completed,
        sum(case when domain = 'activity' then n_taken end) as n_activities,
        sum(case when domain = 'home' then n_taken end) as n_home_contacts,
        sum(case when domain = 'careers' then n_taken end) as n_careers,
        sum(case when kind = 'careers_interview' then n_taken end) as n_careers_interviews,
        sum(case when kind = 'employer_encounter' then n_taken end) as n_employer_encounters,
        sum(case when kind = 'work_experience' then n_taken end) as n_work_experience,
        sum(case when domain = 'access' then n_taken end) as n_access,
        sum(case when kind in ('device_lent', 'connection_lent') then n_taken end) as n_devices,
        sum(case when domain = 'money' then amount end) as pp_spend,
        count(answer) filter (where domain = 'voice') as n_views,
        sum(case when domain = 'voice' then answer end) as answers
    from events
    group by learner_id, ay
),

domains_of_learner as (
    select distinct learner_id, ay, domain
    from events
),

domains_of_school as (
    select distinct learner_year.school_id, learner_year.ay, domains_of_learner.domain
    from domains_of_learner
    inner join learner_year
        on learner_year.learner_id = domains_of_learner.learner_id
       and learner_year.ay = domains_of_learner.ay
    where learner_year.school_id is not null
),

told_to_learner as (
    select learner_id, ay, domain
    from domains_of_learner
    union all
    select learner_year.learner_id, learner_year.ay, domains_of_school.domain
    from learner_year
    inner join domains_of_school
        on domains_of_school.school_id = learner_year.school_id
       and domains_of_school.ay = learner_year.ay
),

told as (
    select
        learner_id,
        ay,
        bool_or(domain = 'intervention') as of_interventions,
        bool_or(domain = 'activity') as of_activities,
        bool_or(domain = 'home') as of_home,
        bool_or(domain = 'careers') as of_careers,
        bool_or(domain = 'access') as of_access,
        bool_or(domain = 'money') as of_money,
        bool_or(domain = 'voice') as of_voice
    from told_to_learner
    group by learner_id, ay
),

final as (
    select
        learner_year.learner_id,
        learner_year.ay,
        learner_year.on_roll,
        learner_year.attending,
        learner_year.resident,
        learner_year.kind,
        cast(case when told.of_interventions then coalesce(counts.n_interventions, 0) end as integer) as n_interventions,
        cast(case when told.of_interventions then coalesce(counts.n_interventions_completed, 0) end as integer) as n_interventions_completed,
        cast(case when told.of_activities then coalesce(counts.n_activities, 0) end as integer) as n_activities,
        cast(case when told.of_home then coalesce(counts.n_home_contacts, 0) end as integer) as n_home_contacts,
        cast(case when told.of_careers then coalesce(counts.n_careers, 0) end as integer) as n_careers,
        cast(case when told.of_careers then coalesce(counts.n_careers_interviews, 0) end as integer) as n_careers_interviews,
        cast(case when told.of_careers then coalesce(counts.n_employer_encounters, 0) end as integer) as n_employer_encounters,
        cast(case when told.of_careers then coalesce(counts.n_work_experience, 0) end as integer) as n_work_experience,
        cast(case when told.of_access then coalesce(counts.n_access, 0) end as integer) as n_access,
        cast(case when told.of_access then coalesce(counts.n_devices, 0) end as integer) as n_devices,
        cast(case when told.of_money then coalesce(counts.pp_spend, 0) end as decimal(12, 2)) as pp_spend,
        cast(case when told.of_voice then coalesce(counts.n_views, 0) end as integer) as n_views,
        share_of(cast(counts.answers * 10000 as bigint), counts.n_views * 10000) as view
    from learner_year
    left join told
        on told.learner_id = learner_year.learner_id
       and told.ay = learner_year.ay
    left join counts
        on counts.learner_id = learner_year.learner_id
       and counts.ay = learner_year.ay
)

select * from final
