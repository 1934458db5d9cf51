/*
title = "Establishments that rows name and no list describes: their kind and authority are not known"
grain = ["establishment_id"]
reads = ["stay", "stg_establishment"]
*/
with final as (
    select stay.establishment_id, count(*) as n_stays
    from stay
    left join stg_establishment on stg_establishment.establishment_id = stay.establishment_id
    where stay.establishment_id is not null
      and stg_establishment.establishment_id is null
    group by stay.establishment_id
)

select * from final
