/*
title = "Engagement and support: shares of pupils with at least one, how many each hundred had, and of how many anybody tells"
grain = ["ay", "population", "breakdown", "category", "measure"]
reads = ["engagement_year", "circumstance_year"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
ay = "The academic year, by its end year"
population = "attending or resident on the January census day"
breakdown = "all, kind (of establishment), fsm, disadvantaged or sen"
category = "Which one of the breakdown; not_known where nobody says"
measure = "intervention, intervention_completed, activity, home_contact, careers, careers_interview, employer_encounter, work_experience, access, device, pp_spend or view"
n_members = "Learners of the group"
n_missing = "Of them those of whom nobody tells: they are in neither numerator nor denominator"
denominator = "Of them those of whom somebody tells"
numerator = "Of those, with at least one"
rate = "numerator / denominator"
rate_low = "Lower end of its 95% interval"
rate_high = "Upper end of its 95% interval"
coverage = "denominator / n_members: read every rate beside it"
n_events = "How many there were of it in all, of learners of whom somebody tells"
participation = "n_events for each hundred of the denominator: participation over roll. No interval: one learner may have many events, which do not stand alone; rate has one"
amount = "Pounds spent, for pp_spend; empty for all other measures"
view = "Mean of the learners' own means, for view; empty for all other measures"
*/
with members as (
    select
        engagement_year.*,
        case when circumstance_year.fsm then 'yes' when not circumstance_year.fsm then 'no' else 'not_known' end as fsm_word,
        case when circumstance_year.disadvantaged then 'yes' when not circumstance_year.disadvantaged then 'no' else 'not_known' end as disadvantaged_word,
        coalesce(circumstance_year.sen, 'not_known') as sen_word
    from engagement_year
    left join circumstance_year
        on circumstance_year.learner_id = engagement_year.learner_id
       and circumstance_year.ay = engagement_year.ay
),

-- Of most nobody tells anything: those of whom the same is told are counted once.
alike as (
    select
        ay, attending, resident, kind, fsm_word, disadvantaged_word, sen_word, n_interventions, n_interventions_completed, n_activities,
        n_home_contacts, n_careers, n_careers_interviews, n_employer_encounters, n_work_experience, n_access, n_devices, pp_spend, n_views,
        view,
        count(*) as n_alike
    from members
    group by ay, attending, resident, kind, fsm_word, disadvantaged_word, sen_word, n_interventions, n_interventions_completed,
             n_activities, n_home_contacts, n_careers, n_careers_interviews, n_employer_encounters, n_work_experience, n_access,
             n_devices, pp_spend, n_views, view
),

answers as (
    select
        alike.ay,
        alike.attending,
        alike.resident,
        alike.kind,
        alike.fsm_word,
        alike.disadvantaged_word,
        alike.sen_word,
        measures.measure,
        case measures.measure
            when 'intervention' then alike.n_interventions
            when 'intervention_completed' then alike.n_interventions_completed
            when 'activity' then alike.n_activities
            when 'home_contact' then alike.n_home_contacts
            when 'careers' then alike.n_careers
            when 'careers_interview' then alike.n_careers_interviews
            when 'employer_encounter' then alike.n_employer_encounters
            when 'work_experience' then alike.n_work_experience
            when 'access' then alike.n_access
            when 'device' then alike.n_devices
            when 'pp_spend' then case when alike.pp_spend > 0 then 1 when alike.pp_spend is not null then 0 end
            when 'view' then alike.n_views
        end as n,
        case when measures.measure = 'pp_spend' then alike.pp_spend end as amount,
        case when measures.measure = 'view' then alike.view end as view,
        alike.n_alike
    from alike
    cross join (values ('intervention'), ('intervention_completed'), ('activity'), ('home_contact'), ('careers'), ('careers_interview'),
                       ('employer_encounter'), ('work_experience'), ('access'), ('device'), ('pp_spend'), ('view')) as measures(measure)
),

-- Counted once by all that they are told apart by: a few hundred groups stand for everybody in what follows.
groups as (
    select
        ay,
        attending,
        resident,
        kind,
        fsm_word,
        disadvantaged_word,
        sen_word,
        measure,
        sum(n_alike) as n_members,
        sum(case when n is not null then n_alike else 0 end) as denominator,
        sum(case when n > 0 then n_alike else 0 end) as numerator,
        sum(n * n_alike) as n_events,
        sum(amount * n_alike) as amount,
        sum(view * n_alike) as views,
        sum(case when view is not null then n_alike else 0 end) as n_with_view
    from answers
    group by ay, attending, resident, kind, fsm_word, disadvantaged_word, sen_word, measure
),

placed_groups as (
    select
        groups.*,
        populations.population,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'all' then 'all'
            when 'kind' then groups.kind
            when 'fsm' then groups.fsm_word
            when 'disadvantaged' then groups.disadvantaged_word
            when 'sen' then groups.sen_word
        end as category
    from groups
    cross join (values ('attending'), ('resident')) as populations(population)
    cross join (values ('all'), ('kind'), ('fsm'), ('disadvantaged'), ('sen')) as breakdowns(breakdown)
    where case populations.population when 'attending' then groups.attending else groups.resident end
),

counts as (
    select
        ay,
        population,
        breakdown,
        category,
        measure,
        cast(sum(n_members) as bigint) as n_members,
        cast(sum(n_members - denominator) as bigint) as n_missing,
        cast(sum(denominator) as bigint) as denominator,
        cast(sum(numerator) as bigint) as numerator,
        cast(coalesce(sum(n_events), 0) as bigint) as n_events,
        sum(amount) as amount,
        sum(views) as views,
        cast(sum(n_with_view) as bigint) as n_with_view
    from placed_groups
    group by ay, population, breakdown, category, measure
),

final as (
    select
        ay,
        population,
        breakdown,
        category,
        measure,
        n_members,
        n_missing,
        denominator,
        numerator,
        share_of(numerator, denominator) as rate,
        wilson_low(numerator, denominator) as rate_low,
        wilson_high(numerator, denominator) as rate_high,
        share_of(denominator, n_members) as coverage,
        n_events,
        per_hundred(n_events, denominator) as participation,
        cast(amount as decimal(18, 2)) as amount,
        share_of(cast(views * 10000 as bigint), n_with_view * 10000) as view
    from counts
)

select * from final
