/*
title = "Members of each population at the end of key stage 4, once for each group they are counted in"
grain = ["learner_id", "population", "disadvantage"]
reads = ["ks4_result"]
materialise = "view"
*/
-- Everybody is counted among all and in one of the three groups; whose disadvantage nobody tells is a group, too.
with final as (
    select
        ks4_result.*,
        populations.population,
        case disadvantages.step when 1 then 'all'
             else case when ks4_result.disadvantaged then 'disadvantaged'
                       when not ks4_result.disadvantaged then 'other'
                       else 'not_known' end
        end as disadvantage
    from ks4_result
    cross join (values ('attending'), ('resident'), ('open')) as populations(population)
    cross join (values (1), (2)) as disadvantages(step)
    where ks4_result.in_denominator
      and case populations.population when 'attending' then ks4_result.attending
                                      when 'resident' then ks4_result.resident
                                      else true end
)

select * from final
