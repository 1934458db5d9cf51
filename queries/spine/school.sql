/*
title = "Establishments, what kind they are, and which school each belongs to"
grain = ["establishment_id"]
reads = ["stg_establishment", "stg_establishment_link", "code_establishment_type", "code_establishment_link_type", "build_context"]
[columns]
establishment_id = "URN, the authority's own site reference, or authority and establishment number"
school_id = "The last establishment of its chain of conversions: a school that converts stays one school, one that merges ends with that"
merged_into_id = "The school that it became by merger; empty for one that did not"
merged_on = "The day from which it was that; empty where no register tells it"
kind = "Kind of establishment"
la_code = "Authority in which it stands"
*/
with described as (
    select
        stg_establishment.establishment_id,
        min(stg_establishment.kind) as stated_kind,
        min(code_establishment_type.kind) as kind_of_type,
        min(case when stg_establishment.type_code is not null then stg_establishment.la_code end) as la_of_register,
        min(stg_establishment.la_code) as la_of_any
    from stg_establishment
    left join code_establishment_type on code_establishment_type.code = stg_establishment.type_code
    group by stg_establishment.establishment_id
),

-- Both ends of a link may report it. Read every link forward; a split, or any other tie, joins nothing. A register lists some successors
-- before their day: until then the school is what it is.
forward_links as (
    select
        case when code_establishment_link_type.direction = 'forward'
             then stg_establishment_link.establishment_id else stg_establishment_link.linked_establishment_id end as establishment_id,
        case when code_establishment_link_type.direction = 'forward'
             then stg_establishment_link.linked_establishment_id else stg_establishment_link.establishment_id end as next_id,
        case when stg_establishment_link.link_type in ('successor_merged', 'predecessor_merged') then 1 else 0 end as says_merged,
        stg_establishment_link.linked_on
    from stg_establishment_link
    inner join code_establishment_link_type on code_establishment_link_type.code = stg_establishment_link.link_type
    cross join build_context
    where stg_establishment_link.link_type in ('successor', 'successor_merged', 'predecessor', 'predecessor_merged')
      and stg_establishment_link.establishment_id <> stg_establishment_link.linked_establishment_id
      and (stg_establishment_link.linked_on is null or stg_establishment_link.linked_on <= build_context.as_of)
),

links as (
    select establishment_id, next_id, max(linked_on) as linked_on, max(says_merged) = 1 as is_merger
    from forward_links
    group by establishment_id, next_id
),

-- Where one establishment has several successors, the latest link says which school it became.
ranked_links as (
    select
        establishment_id, next_id, linked_on, is_merger,
        row_number() over (
            partition by establishment_id order by linked_on desc nulls last, next_id desc nulls last
        ) as place
    from links
),

conversions as (
    select establishment_id, next_id
    from ranked_links
    where place = 1
      and not is_merger
),

-- Everything an establishment was converted into, step by step. No real chain is near 40 steps: the limit ends a cycle.
walks as (
    with recursive walk as (
        select establishment_id, next_id as reached_id, 1 as steps
        from conversions
        union all
        select walk.establishment_id, conversions.next_id as reached_id, walk.steps + 1 as steps
        from walk
        inner join conversions on conversions.establishment_id = walk.reached_id
        where walk.steps < 40
          and walk.reached_id <> walk.establishment_id
    )
    select distinct establishment_id, reached_id
    from walk
),

-- An establishment that can be reached from itself lies on a cycle, which is cut at its smallest id.
on_cycle as (
    select establishment_id
    from walks
    where establishment_id = reached_id
),

chain_ends as (
    select
        walks.establishment_id,
        max(case when conversions.establishment_id is null then walks.reached_id end) as last_id,
        min(case when on_cycle.establishment_id is not null then walks.reached_id end) as smallest_on_cycle
    from walks
    left join conversions on conversions.establishment_id = walks.reached_id
    left join on_cycle on on_cycle.establishment_id = walks.reached_id
    group by walks.establishment_id
),

establishments as (
    select establishment_id from described
    union
    select establishment_id from links
    union
    select next_id as establishment_id from links
),

converted as (
    select
        establishments.establishment_id,
        coalesce(chain_ends.last_id, chain_ends.smallest_on_cycle, establishments.establishment_id) as school_id
    from establishments
    left join chain_ends on chain_ends.establishment_id = establishments.establishment_id
),

-- The last number of a school is the one that merged.
mergers as (
    select ranked_links.establishment_id as school_id, converted.school_id as merged_into_id, ranked_links.linked_on as merged_on
    from ranked_links
    inner join converted on converted.establishment_id = ranked_links.next_id
    where ranked_links.place = 1
      and ranked_links.is_merger
      and converted.school_id <> ranked_links.establishment_id
),

schools as (
    select
        converted.establishment_id,
        converted.school_id,
        mergers.merged_into_id,
        mergers.merged_on,
        coalesce(described.stated_kind, described.kind_of_type, 'none') as kind,
        coalesce(described.la_of_register, described.la_of_any) as la_code
    from converted
    left join described on described.establishment_id = converted.establishment_id
    left join mergers on mergers.school_id = converted.school_id
),

-- Returns and transfer files know a school by authority and establishment number. A school that converts often keeps
-- it: where several have had the number, the one that opened last stands for it, and one that has not opened yet for none.
numbered as (
    select
        stg_establishment.laestab,
        schools.school_id,
        schools.merged_into_id,
        schools.merged_on,
        schools.kind,
        schools.la_code,
        row_number() over (
            partition by stg_establishment.laestab
            order by stg_establishment.opened_on desc nulls last, stg_establishment.establishment_id desc nulls last
        ) as place
    from stg_establishment
    inner join schools on schools.establishment_id = stg_establishment.establishment_id
    cross join build_context
    where stg_establishment.laestab is not null
      and (stg_establishment.opened_on is null or stg_establishment.opened_on <= build_context.as_of)
),

final as (
    select establishment_id, school_id, merged_into_id, merged_on, kind, la_code
    from schools
    union all
    select laestab as establishment_id, school_id, merged_into_id, merged_on, kind, la_code
    from numbered
    where place = 1
)

select * from final
