/*
title = "Whether each learner of Year 11 and Year 12 had the offer of a place by the end of September, and who has one for the coming September so far"
grain = ["learner_id", "ay"]
reads = ["learner", "cohort_member", "learner_year", "area_spell", "stg_destination", "stg_offer", "build_context"]
purposes = ["research", "participation"]
published = true
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ay = "The academic year, by its end year, after which the place is for"
year_group = "Year group by age in that year: 11 or 12"
is_held = "Whether any source tells of offers to the year group for that September: the client record of Year 11, a list of offers of either"
is_due = "Whether 30 September has passed: false for the coming September, of which offers still come in"
resident = "Living here on 30 September; of the coming one, on the day the tables look back from"
attending = "At an establishment here on the January census day of the year"
ever_y6_here = "Educated or living here on any day of Year 6"
n_places = "Places offered, on condition or not, accepted or taken up, by the end of September"
guarantee_state = "offer_made; not_appropriate: the authority recorded that an offer was not; no_offer: recorded, and none made; not_recorded; not_held: nothing, where no source tells of offers to the year group"
*/
-- What the authority records of the guarantee stands on the activity that begins in the year the place is for.
with statements as (
    select
        learner_id,
        academic_year(starts_on) as year_of_place,
        guarantee,
        0 as n_places,
        0 as n_rows_of_offers
    from stg_destination
    where guarantee is not null

    union all

    select
        learner_id,
        academic_year(for_year_from) as year_of_place,
        guarantee,
        case when status in ('offered', 'conditional', 'accepted', 'enrolled')
              and (offered_on is null or offered_on <= date_of(academic_year(for_year_from) - 1, 9, 30)) then 1 else 0 end as n_places,
        1 as n_rows_of_offers
    from stg_offer
),

told as (
    select
        learner_id,
        year_of_place,
        sum(n_places) as n_places,
        sum(n_rows_of_offers) as n_rows_of_offers,
        count(*) filter (where guarantee = 'made') as n_made,
        count(*) filter (where guarantee = 'not_appropriate') as n_not_appropriate,
        count(*) filter (where guarantee = 'not_made') as n_not_made
    from statements
    group by learner_id, year_of_place
),

-- A year of which nobody keeps any record has no row: nobody looked. The last is the one for whose September offers still come in.
years_held as (
    select distinct
        told.year_of_place - 1 as ay,
        date_of(told.year_of_place - 1, 9, 30) <= build_context.as_of as is_due,
        least(date_of(told.year_of_place - 1, 9, 30), build_context.as_of) as lives_on
    from told
    cross join build_context
    where told.year_of_place - 1 <= academic_year(build_context.as_of)
),

-- What goes on into Year 13 keeps what was recorded when it began: of Year 12 as a year group a list of offers alone tells. Where nobody
-- looked, nothing recorded is not the same as no offer.
groups_held as (
    select distinct
        told.year_of_place - 1 as ay,
        told.year_of_place + 5 - learner.cohort_ay as year_group
    from told
    inner join learner on learner.learner_id = told.learner_id
    where told.n_rows_of_offers > 0
       or told.year_of_place + 5 - learner.cohort_ay = 11
),

candidates as (
    select
        learner.learner_id,
        years_held.ay,
        groups.year_group,
        years_held.is_due,
        groups_held.ay is not null as is_held,
        coalesce(area_spell.home_la = build_context.home_authority, false) as resident,
        coalesce(learner_year.attending, false) as attending,
        coalesce(cohort_member.ever_y6_here, false) as ever_y6_here,
        told.learner_id is not null as is_told,
        told.n_places,
        told.n_rows_of_offers,
        told.n_made,
        told.n_not_appropriate,
        told.n_not_made
    from years_held
    cross join build_context
    cross join (values (11), (12)) as groups(year_group)
    inner join learner on learner.cohort_ay = years_held.ay + 6 - groups.year_group
    left join groups_held
        on groups_held.ay = years_held.ay
       and groups_held.year_group = groups.year_group
    left join cohort_member on cohort_member.learner_id = learner.learner_id
    left join learner_year
        on learner_year.learner_id = learner.learner_id
       and learner_year.ay = years_held.ay
    left join area_spell
        on area_spell.learner_id = learner.learner_id
       and area_spell.starts_on <= years_held.lives_on
       and area_spell.ends_on >= years_held.lives_on
    left join told
        on told.learner_id = learner.learner_id
       and told.year_of_place = years_held.ay + 1
),

final as (
    select
        learner_id,
        cast(ay as smallint) as ay,
        year_group,
        is_held,
        is_due,
        resident,
        attending,
        ever_y6_here,
        cast(coalesce(n_places, 0) as integer) as n_places,
        case when n_places > 0 or n_made > 0 then 'offer_made'
             when n_not_appropriate > 0 then 'not_appropriate'
             when n_not_made > 0 or n_rows_of_offers > 0 then 'no_offer'
             when not is_held then 'not_held'
             else 'not_recorded'
        end as guarantee_state
    from candidates
    where resident
       or attending
       or ever_y6_here
       or is_told
)

select * from final
