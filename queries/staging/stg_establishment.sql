/*
title = "Establishments as last reported by each source"
grain = ["source", "feed", "row_key"]
reads = ["lake_establishment"]
*/
-- Of all versions of a row the one committed last stands; a tombstone removes the row.
with versions as (
    select
        *,
        row_number() over (
            partition by source, row_key
            order by commit_seq desc nulls last, row_number desc nulls last, part desc nulls last, row_hash desc nulls last
        ) as version_rank
    from lake_establishment
),

final as (
    select
        establishment_id,
        name,
        type_code,
        kind,
        la_code,
        laestab,
        opened_on,
        closed_on,
        source,
        feed,
        row_key
    from versions
    where version_rank = 1
      and not tombstone
)

select * from final
