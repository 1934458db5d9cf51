/*
title = "Where each learner is on a day of prediction, the exclusions of the year before it and the changes of school since Year 7"
grain = ["learner_id", "predicted_on"]
reads = ["risk_moment", "stg_enrolment", "stg_placement", "stg_off_roll", "stg_suspension", "school", "school_successor", "code_establishment_kind",
         "code_suspension_review"]
[columns]
learner_id = "Pseudonym of the learner"
predicted_on = "The day of the prediction"
in_ap = "At an alternative provider; empty when nothing tells where they are"
home_or_missing = "Educated at home or missing education; empty likewise"
n_suspensions = "Suspensions of the 365 days up to it; empty when nobody who would know tells"
sessions_suspended = "Half days of them whose length is known"
excluded = "Permanently excluded in those days"
moves_mid_year = "Schools entered outside August and September since Year 7; empty without any roll"
*/
with places as (
    select
        stg_enrolment.learner_id,
        stg_enrolment.starts_on,
        coalesce(stg_enrolment.ends_on, stg_enrolment.observed_on) as ends_on,
        coalesce(stg_enrolment.observed_on, stg_enrolment.starts_on) as known_on,
        coalesce(code_establishment_kind.family = 'ap', false) as is_ap,
        false as is_out,
        stg_enrolment.source,
        case when stg_enrolment.status in ('C', 'M') then coalesce(school_successor.successor_id, school.school_id, stg_enrolment.establishment_id) end as roll
    from stg_enrolment
    left join school on school.establishment_id = stg_enrolment.establishment_id
    left join school_successor
        on school_successor.school_id = school.school_id
       and school_successor.became_on <= stg_enrolment.starts_on
       and coalesce(school_successor.until_on >= stg_enrolment.starts_on, true)
    left join code_establishment_kind on code_establishment_kind.code = school.kind

    union all

    select
        stg_placement.learner_id,
        stg_placement.starts_on,
        stg_placement.ends_on,
        stg_placement.starts_on as known_on,
        stg_placement.legal_basis is null or stg_placement.legal_basis <> 'managed_move' as is_ap,
        false as is_out,
        stg_placement.source,
        cast(null as varchar) as roll
    from stg_placement

    union all

    select
        learner_id,
        starts_on,
        ends_on,
        starts_on as known_on,
        false as is_ap,
        true as is_out,
        source,
        cast(null as varchar) as roll
    from stg_off_roll
),

-- An end that lies after the day is not known on it.
known_places as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        risk_moment.year_group,
        places.starts_on,
        least(coalesce(places.ends_on, risk_moment.predicted_on), risk_moment.predicted_on) as last_day,
        places.is_ap,
        places.is_out,
        places.source,
        places.roll
    from risk_moment
    inner join places
        on places.learner_id = risk_moment.learner_id
       and places.starts_on <= risk_moment.predicted_on
       and places.known_on <= risk_moment.predicted_on
),

-- "Now" is whatever reaches into the last 60 days, which span a summer; where nothing does, the latest of the year.
latest_days as (
    select learner_id, predicted_on, max(last_day) as latest_day
    from known_places
    group by learner_id, predicted_on
),

now_places as (
    select
        known_places.learner_id,
        known_places.predicted_on,
        count(*) filter (where known_places.is_ap) > 0 as in_ap,
        count(*) filter (where known_places.is_out) > 0 as home_or_missing
    from known_places
    inner join latest_days
        on latest_days.learner_id = known_places.learner_id
       and latest_days.predicted_on = known_places.predicted_on
    where known_places.last_day >= least(latest_days.latest_day, add_days(known_places.predicted_on, -60))
      and known_places.last_day > add_days(known_places.predicted_on, -365)
    group by known_places.learner_id, known_places.predicted_on
),

school_entries as (
    select learner_id, predicted_on, year_group, roll, min(starts_on) as entered_on
    from known_places
    where roll is not null
    group by learner_id, predicted_on, year_group, roll
),

-- A school that the one before became is none that was entered.
entries as (
    select school_entries.learner_id, school_entries.predicted_on, school_entries.year_group, school_entries.roll, school_entries.entered_on
    from school_entries
    left join school_successor on school_successor.successor_id = school_entries.roll
    left join school_entries as before
        on before.learner_id = school_entries.learner_id
       and before.predicted_on = school_entries.predicted_on
       and before.roll = school_successor.school_id
       and before.entered_on <= school_entries.entered_on
       and (before.entered_on = school_entries.entered_on
            or coalesce(school_successor.became_on <= add_days(school_entries.entered_on, 31), true))
    group by school_entries.learner_id, school_entries.predicted_on, school_entries.year_group, school_entries.roll, school_entries.entered_on
    having count(before.roll) = 0
),

ordered_entries as (
    select
        *,
        row_number() over (
            partition by learner_id, predicted_on
            order by entered_on asc nulls last, roll asc nulls last
        ) as entry_no
    from entries
),

-- Year 7 began on 1 September of the year that lies as many years back as year groups.
moves as (
    select
        learner_id,
        predicted_on,
        cast(count(*) filter (
            where entry_no > 1
              and month(entered_on) <> 8
              and month(entered_on) <> 9
              and entered_on >= year_starts_on(academic_year(predicted_on) - (year_group - 7))
        ) as integer) as moves_mid_year
    from ordered_entries
    group by learner_id, predicted_on
),

-- A source that has told of a suspension of anybody would tell of one of a pupil on its rolls.
telling_sources as (
    select source, min(starts_on) as tells_since
    from stg_suspension
    group by source
),

told_of as (
    select distinct known_places.learner_id, known_places.predicted_on
    from known_places
    inner join telling_sources
        on telling_sources.source = known_places.source
       and telling_sources.tells_since <= known_places.predicted_on
    where known_places.last_day > add_days(known_places.predicted_on, -365)
),

events as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        stg_suspension.establishment_id,
        stg_suspension.category,
        stg_suspension.starts_on,
        max(stg_suspension.sessions) as sessions,
        count(*) filter (where code_suspension_review.counts = 'N') as n_taken_back
    from risk_moment
    inner join stg_suspension
        on stg_suspension.learner_id = risk_moment.learner_id
       and stg_suspension.starts_on <= risk_moment.predicted_on
       and stg_suspension.starts_on > add_days(risk_moment.predicted_on, -365)
    left join code_suspension_review on code_suspension_review.code = stg_suspension.review
    group by risk_moment.learner_id, risk_moment.predicted_on, stg_suspension.establishment_id, stg_suspension.category,
             stg_suspension.starts_on
),

exclusions as (
    select
        learner_id,
        predicted_on,
        count(*) filter (where category = 'SUSP' and n_taken_back = 0) as n_suspensions,
        coalesce(sum(sessions) filter (where category = 'SUSP' and n_taken_back = 0), 0) as sessions_suspended,
        count(*) filter (where category = 'PERM' and n_taken_back = 0) as n_permanent
    from events
    group by learner_id, predicted_on
),

final as (
    select
        risk_moment.learner_id,
        risk_moment.predicted_on,
        now_places.in_ap,
        now_places.home_or_missing,
        case when told_of.learner_id is not null or exclusions.learner_id is not null
             then cast(coalesce(exclusions.n_suspensions, 0) as integer) end as n_suspensions,
        case when told_of.learner_id is not null or exclusions.learner_id is not null
             then cast(coalesce(exclusions.sessions_suspended, 0) as integer) end as sessions_suspended,
        case when told_of.learner_id is not null or exclusions.learner_id is not null
             then coalesce(exclusions.n_permanent, 0) > 0 end as excluded,
        moves.moves_mid_year
    from risk_moment
    left join now_places
        on now_places.learner_id = risk_moment.learner_id
       and now_places.predicted_on = risk_moment.predicted_on
    left join moves
        on moves.learner_id = risk_moment.learner_id
       and moves.predicted_on = risk_moment.predicted_on
    left join told_of
        on told_of.learner_id = risk_moment.learner_id
       and told_of.predicted_on = risk_moment.predicted_on
    left join exclusions
        on exclusions.learner_id = risk_moment.learner_id
       and exclusions.predicted_on = risk_moment.predicted_on
)

select * from final
