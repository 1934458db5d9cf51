/*
title = "What each learner was doing at each month's end: the main place and what stood beside it, as runs of months that are alike"
grain = ["learner_id", "run_no"]
reads = ["spell", "nccis_month", "learner", "build_context"]
purposes = ["research", "participation"]
published = true
of_many = ["learner_id"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
run_no = "Number of the run among the learner's, by its first month"
first_month = "Last day of the first month"
last_month = "Last day of the last month: a month lies in the run when its last day is between the two"
n_months = "Months of the run"
status = "single, main_of_several, college; placement, home_educated, missing: without a roll; beside_only; between: no place, for a holiday; not_known; after sixteen without a place participating, employment_not_participating, neet, custody, no_record, not_told: as the client record has it, or no record of the month"
kind = "Kind of establishment of the main place; none at home and without one, not_known in a gap"
legal_basis = "none for a roll or a gap; else the basis of the placement or the off-roll entry; empty without a main place"
establishment_id = "The main place; empty at home and without one"
n_beside = "Places beside the main one"
beside_status = "The first of them: placement, subsidiary, main_of_several, single, guest or other; empty where there is none"
beside_kind = "Its kind of establishment"
beside_establishment_id = "It"
*/
-- A month is what its last day is, as the client record counts. A registration that has ended was a single one while it lasted. Of several places at once the main one is that of the spells: a roll before
-- a placement, before home, before missing; beside it a placement, then a subsidiary roll, then others, the latest to start.
with spans as (
    select
        learner_id,
        role,
        month_no(starts_on) as first_no,
        month_no(add_days(ends_on, 1)) - 1 as last_no,
        starts_on,
        kind,
        legal_basis,
        establishment_id,
        is_gap,
        case when is_gap then 'not_known'
             when status in ('C', 'P') then 'single'
             when status = 'M' then 'main_of_several'
             when status = 'F' then 'college'
             when status = 'S' then 'subsidiary'
             when status = 'G' then 'guest'
             when status is not null then 'other'
             when legal_basis = 'cme' then 'missing'
             when legal_basis in ('ehe_full', 'ehe_flexi') then 'home_educated'
             else 'placement' end as word
    from spell
),

month_spans as (
    select *
    from spans
    where first_no <= last_no
),

records as (
    select learner_id, month_no(month_on) as no, status
    from nccis_month
),

evidence_of_months as (
    select learner_id, first_no, last_no, role = 'main' as is_main, not is_gap as is_place from month_spans
    union all
    select learner_id, no as first_no, no as last_no, false as is_main, false as is_place from records
),

-- Months are told to the end of academic age 17, whether anybody knows anything or not; later ones while there is a place.
ends as (
    select
        evidence_of_months.learner_id,
        min(evidence_of_months.first_no) as first_no,
        min(case when evidence_of_months.is_main then evidence_of_months.first_no end) as first_main_no,
        max(case when evidence_of_months.is_place then evidence_of_months.last_no end) as last_place_no,
        least(month_no(add_days(max(build_context.as_of), 1)) - 1,
              greatest(max(evidence_of_months.last_no), coalesce(max(month_no(year_ends_on(learner.cohort_ay + 7))), 0))) as last_no,
        max(month_no(year_ends_on(learner.cohort_ay + 5))) as sixteen_no
    from evidence_of_months
    inner join learner on learner.learner_id = evidence_of_months.learner_id
    cross join build_context
    group by evidence_of_months.learner_id
),

changes_told as (
    select learner_id, first_no as no from month_spans
    union all
    select learner_id, last_no + 1 as no from month_spans
    union all
    select learner_id, no from records
    union all
    select learner_id, no + 1 as no from records
    union all
    select learner_id, sixteen_no + 1 as no from ends
    union all
    select learner_id, last_no + 1 as no from ends
),

changes as (
    select distinct learner_id, no
    from changes_told
),

pieces as (
    select
        changes.learner_id,
        changes.no as first_no,
        lead(changes.no) over (partition by changes.learner_id order by changes.no asc nulls last) - 1 as last_no,
        ends.first_no as first_told_no,
        ends.last_no as last_told_no,
        ends.first_main_no,
        ends.last_place_no,
        ends.sixteen_no
    from changes
    inner join ends on ends.learner_id = changes.learner_id
    where changes.no is not null
),

told_pieces as (
    select *
    from pieces
    where first_no >= first_told_no
      and last_no <= last_told_no
),

beside as (
    select
        told_pieces.learner_id,
        told_pieces.first_no,
        month_spans.word,
        month_spans.kind,
        month_spans.establishment_id,
        count(*) over (partition by told_pieces.learner_id, told_pieces.first_no) as n_beside,
        row_number() over (
            partition by told_pieces.learner_id, told_pieces.first_no
            order by case month_spans.word when 'placement' then 1 when 'subsidiary' then 2 when 'single' then 3
                                           when 'main_of_several' then 4 when 'college' then 5 when 'guest' then 6 else 7 end asc nulls last,
                     month_spans.starts_on desc nulls last, month_spans.establishment_id desc nulls last,
                     month_spans.legal_basis asc nulls last
        ) as place
    from told_pieces
    inner join month_spans
        on month_spans.learner_id = told_pieces.learner_id
       and month_spans.role = 'concurrent'
       and month_spans.first_no <= told_pieces.first_no
       and month_spans.last_no >= told_pieces.last_no
),

-- What the client record knows goes before a gap, and after a place: whoever is on a roll is there.
statuses as (
    select
        told_pieces.learner_id,
        told_pieces.first_no,
        told_pieces.last_told_no,
        case when not main.is_gap then main.word
             when records.status is not null then records.status
             when main.is_gap then 'not_known'
             when beside.n_beside > 0 then 'beside_only'
             when told_pieces.first_no > told_pieces.sixteen_no and coalesce(told_pieces.last_no > told_pieces.last_place_no, true) then 'not_told'
             when coalesce(told_pieces.first_no < told_pieces.first_main_no, true) then 'not_known'
             else 'between'
        end as status,
        coalesce(main.kind, 'none') as kind,
        main.legal_basis,
        main.establishment_id,
        cast(coalesce(beside.n_beside, 0) as integer) as n_beside,
        beside.word as beside_status,
        beside.kind as beside_kind,
        beside.establishment_id as beside_establishment_id
    from told_pieces
    left join month_spans as main
        on main.learner_id = told_pieces.learner_id
       and main.role = 'main'
       and main.first_no <= told_pieces.first_no
       and main.last_no >= told_pieces.last_no
    left join records
        on records.learner_id = told_pieces.learner_id
       and records.no = told_pieces.first_no
    left join beside
        on beside.learner_id = told_pieces.learner_id
       and beside.first_no = told_pieces.first_no
       and beside.place = 1
),

-- Pieces that are alike and follow each other are one run: it begins where a piece is unlike the one before, and lasts until the
-- next begins.
marked as (
    select
        *,
        concat(status, '/', kind, '/', coalesce(legal_basis, ''), '/', coalesce(establishment_id, ''), '/', n_beside, '/',
               coalesce(beside_status, ''), '/', coalesce(beside_kind, ''), '/', coalesce(beside_establishment_id, '')) as likeness
    from statuses
),

joints as (
    select
        *,
        lag(likeness) over (partition by learner_id order by first_no asc nulls last) as likeness_before
    from marked
),

beginnings as (
    select *
    from joints
    where likeness_before is null
       or likeness_before <> likeness
),

runs as (
    select
        *,
        row_number() over (partition by learner_id order by first_no asc nulls last) as run_no,
        coalesce(lead(first_no) over (partition by learner_id order by first_no asc nulls last) - 1, last_told_no) as last_no
    from beginnings
),

final as (
    select
        learner_id,
        cast(run_no as integer) as run_no,
        month_no_ends_on(first_no) as first_month,
        month_no_ends_on(last_no) as last_month,
        cast(last_no - first_no + 1 as integer) as n_months,
        status,
        kind,
        legal_basis,
        establishment_id,
        n_beside,
        beside_status,
        beside_kind,
        beside_establishment_id
    from runs
)

select * from final
