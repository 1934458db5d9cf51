/*
title = "Every change of main place of each learner, typed by what explains it"
grain = ["learner_id", "move_no"]
reads = ["spell", "learner", "school", "stg_enrolment", "stg_establishment", "school_successor", "suspension_event", "area_spell",
         "code_establishment_kind", "build_context"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
move_no = "Number of the move among the learner's"
ay = "The academic year, by its end year, of the last day at the place left"
left_on = "Last day at the place left"
joined_on = "First day at the next place; empty when nobody knows of one"
days_between = "Days in between on which nobody knows of a main place"
from_establishment_id = "URN or site reference of the place left; empty at home or missing"
from_kind = "Kind of the place left: a kind of establishment, ehe or cme"
to_establishment_id = "URN or site reference of the next place"
to_kind = "Kind of the next place; empty when nobody knows of one"
leaving_reason = "What the school left says, where it says something"
move_type = "What explains it, the foremost that holds; unexplained is not evidence of off-rolling"
is_mid_year = "Whether the next place began outside August and September"
*/
-- A conversion or a change from one registration to two at the same school is no move: the place stays.
with places as (
    select
        learner_id,
        starts_on,
        ends_on,
        is_open,
        establishment_id,
        case legal_basis when 'ehe_full' then 'ehe' when 'cme' then 'cme' else kind end as kind,
        legal_basis,
        coalesce(school_id, legal_basis) as place,
        lead(coalesce(school_id, legal_basis)) over (partition by learner_id order by starts_on asc nulls last) as next_place,
        lead(starts_on) over (partition by learner_id order by starts_on asc nulls last) as next_starts_on,
        lead(establishment_id) over (partition by learner_id order by starts_on asc nulls last) as next_establishment_id,
        lead(case legal_basis when 'ehe_full' then 'ehe' when 'cme' then 'cme' else kind end)
            over (partition by learner_id order by starts_on asc nulls last) as next_kind,
        lead(legal_basis) over (partition by learner_id order by starts_on asc nulls last) as next_basis
    from spell
    where role = 'main'
      and not is_gap
),

-- Who was there when a school merged, and is in what it became, has not moved; schools and rolls name the day to within a month.
departures as (
    select
        places.*,
        learner.cohort_ay,
        academic_year(places.ends_on) as ay,
        row_number() over (partition by places.learner_id order by places.starts_on asc nulls last) as move_no
    from places
    cross join build_context
    inner join learner on learner.learner_id = places.learner_id
    left join school_successor
        on school_successor.school_id = places.place
       and school_successor.successor_id = places.next_place
       and coalesce(school_successor.became_on <= add_days(places.next_starts_on, 31), true)
    where (places.next_place is not null and places.next_place <> places.place and school_successor.school_id is null)
       or (places.next_place is null and not places.is_open and places.ends_on < build_context.as_of)
),

reasons as (
    select
        departures.learner_id,
        departures.move_no,
        min(stg_enrolment.leaving_reason) as leaving_reason
    from departures
    inner join stg_enrolment
        on stg_enrolment.learner_id = departures.learner_id
       and stg_enrolment.ends_on = departures.ends_on
    left join school on school.establishment_id = stg_enrolment.establishment_id
    left join school_successor
        on school_successor.school_id = school.school_id
       and school_successor.successor_id = departures.place
       and coalesce(school_successor.became_on <= departures.ends_on, true)
    where stg_enrolment.leaving_reason <> 'not_known'
      and (coalesce(school.school_id, stg_enrolment.establishment_id) = departures.place or school_successor.school_id is not null)
    group by departures.learner_id, departures.move_no
),

-- An exclusion is dated by the decision and the roll by its end, so a month to either side is one event. Where the school converted
-- or merged in between, the decision bears its old number.
exclusions as (
    select distinct departures.learner_id, departures.move_no
    from departures
    inner join suspension_event
        on suspension_event.learner_id = departures.learner_id
       and suspension_event.starts_on >= add_days(departures.ends_on, -30)
       and suspension_event.starts_on <= add_days(departures.ends_on, 30)
    left join school on school.establishment_id = suspension_event.establishment_id
    left join school_successor
        on school_successor.school_id = school.school_id
       and school_successor.successor_id = departures.place
       and coalesce(school_successor.became_on <= departures.ends_on, true)
    where suspension_event.category = 'PERM'
      and suspension_event.counts
      and (coalesce(school.school_id, suspension_event.establishment_id) = departures.place or school_successor.school_id is not null)
),

-- A school that goes on under another number is there still, and who leaves it then is not explained by that; one that merged is gone.
gone_on as (
    select establishment_id
    from school
    where school_id <> establishment_id
),

-- Rolls end with a term and a school with the month or the year: a month to either side is one event, and so is a summer holiday, as
-- most schools that close do so on 31 August and their pupils leave in July.
closures as (
    select distinct departures.learner_id, departures.move_no
    from departures
    cross join build_context
    inner join stg_establishment
        on stg_establishment.establishment_id = departures.establishment_id
       and stg_establishment.closed_on >= add_days(departures.ends_on, -30)
       and stg_establishment.closed_on <= build_context.as_of
       and stg_establishment.closed_on <= case when month(departures.ends_on) in (7, 8)
                                               then greatest(add_days(departures.ends_on, 30), year_ends_on(departures.ay))
                                               else add_days(departures.ends_on, 30) end
    left join gone_on on gone_on.establishment_id = departures.establishment_id
    where gone_on.establishment_id is null
),

-- Addresses are learnt once or twice a year: another authority half a year after the move is the same event.
homes as (
    select
        departures.learner_id,
        departures.move_no,
        max(before.home_la) as home_before,
        max(afterwards.home_la) as home_after
    from departures
    cross join build_context
    inner join area_spell as before
        on before.learner_id = departures.learner_id
       and before.starts_on <= departures.ends_on
       and before.ends_on >= departures.ends_on
    inner join area_spell as afterwards
        on afterwards.learner_id = departures.learner_id
       and afterwards.starts_on <= least(add_days(departures.ends_on, 180), build_context.as_of)
       and afterwards.ends_on >= least(add_days(departures.ends_on, 180), build_context.as_of)
    group by departures.learner_id, departures.move_no
),

facts as (
    select
        departures.*,
        reasons.leaving_reason,
        exclusions.learner_id is not null as is_excluded,
        closures.learner_id is not null as is_closed,
        coalesce(homes.home_before <> homes.home_after, false) as is_home_changed,
        coalesce(from_kinds.family = 'ap', false) or departures.kind in ('ehe', 'cme') as is_from_outside,
        coalesce(to_kinds.family = 'ap', false) as is_to_ap,
        month(departures.next_starts_on) in (8, 9) as is_autumn,
        academic_year(departures.next_starts_on) - departures.cohort_ay as years_after_6
    from departures
    left join reasons
        on reasons.learner_id = departures.learner_id
       and reasons.move_no = departures.move_no
    left join exclusions
        on exclusions.learner_id = departures.learner_id
       and exclusions.move_no = departures.move_no
    left join closures
        on closures.learner_id = departures.learner_id
       and closures.move_no = departures.move_no
    left join homes
        on homes.learner_id = departures.learner_id
       and homes.move_no = departures.move_no
    left join code_establishment_kind as from_kinds on from_kinds.code = departures.kind
    left join code_establishment_kind as to_kinds on to_kinds.code = departures.next_kind
),

final as (
    select
        learner_id,
        cast(move_no as integer) as move_no,
        ay,
        ends_on as left_on,
        next_starts_on as joined_on,
        days_between(ends_on, next_starts_on) - 1 as days_between,
        establishment_id as from_establishment_id,
        kind as from_kind,
        next_establishment_id as to_establishment_id,
        next_kind as to_kind,
        leaving_reason,
        case when leaving_reason = 'died' then 'died'
             when leaving_reason = 'left_england' then 'left_england'
             when is_excluded or leaving_reason = 'permanent_exclusion' then 'permanent_exclusion'
             when next_basis = 'managed_move' or leaving_reason = 'managed_move' then 'managed_move'
             when next_kind = 'ehe' or leaving_reason = 'ehe' then 'home_education'
             when next_kind = 'cme' then 'missing_education'
             when is_to_ap or leaving_reason = 'ap' then 'alternative_provision'
             when (next_kind = 'special' and kind <> 'special') or leaving_reason = 'special' then 'special'
             when (next_kind = 'independent' and kind <> 'independent') or leaving_reason = 'independent' then 'independent'
             when is_from_outside and next_kind in ('mainstream', 'resourced_unit') then 'return_to_school'
             when (is_autumn and years_after_6 in (-3, 1, 6)) or leaving_reason = 'transition' then 'phase_transition'
             when leaving_reason = 'end_of_schooling'
               or (next_place is null and ay >= cohort_ay + 5 and month(ends_on) between 5 and 8) then 'end_of_schooling'
             when is_closed then 'school_closed'
             when leaving_reason = 'moved' or is_home_changed then 'house_move'
             else 'unexplained'
        end as move_type,
        not is_autumn as is_mid_year
    from facts
)

select * from final
