/*
title = "Whether each leaver of Year 11 is met again by any record within sixty days of 1 September, and by which"
grain = ["learner_id"]
reads = ["ks4_result", "spell", "stg_destination", "code_nccis_activity", "build_context"]
purposes = ["research", "participation"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ks4_ay = "The academic year, by its end year, of Year 11"
met_by = "roll: on one at a school, college or provider; activity: the authority's client record knows what they do; none"
met_on = "The first day from 1 September to 30 October on which they are; empty for none"
*/
-- An activity whose code says that nothing is known is no meeting. A roll goes before an activity of the same day.
with leavers as (
    select
        ks4_result.learner_id,
        ks4_result.ks4_ay,
        date_of(ks4_result.ks4_ay, 9, 1) as from_on,
        date_of(ks4_result.ks4_ay, 10, 30) as to_on
    from ks4_result
    cross join build_context
    where date_of(ks4_result.ks4_ay, 10, 30) <= build_context.as_of
),

meetings as (
    select leavers.learner_id, 'roll' as met_by, min(greatest(spell.starts_on, leavers.from_on)) as met_on
    from leavers
    inner join spell
        on spell.learner_id = leavers.learner_id
       and spell.status is not null
       and spell.starts_on <= leavers.to_on
       and spell.ends_on >= leavers.from_on
    group by leavers.learner_id
    union all
    select leavers.learner_id, 'activity' as met_by, min(greatest(stg_destination.starts_on, leavers.from_on)) as met_on
    from leavers
    inner join stg_destination
        on stg_destination.learner_id = leavers.learner_id
       and stg_destination.starts_on <= leavers.to_on
       and (stg_destination.ends_on is null or stg_destination.ends_on >= leavers.from_on)
    inner join code_nccis_activity
        on code_nccis_activity.code = stg_destination.activity
       and code_nccis_activity.status_group <> 'not_known'
       and (code_nccis_activity.valid_from is null or code_nccis_activity.valid_from <= stg_destination.starts_on)
       and (code_nccis_activity.valid_to is null or code_nccis_activity.valid_to > stg_destination.starts_on)
    group by leavers.learner_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by learner_id order by met_on asc nulls last, met_by desc nulls last
        ) as place
    from meetings
),

final as (
    select
        leavers.learner_id,
        leavers.ks4_ay,
        coalesce(ranked.met_by, 'none') as met_by,
        ranked.met_on
    from leavers
    left join ranked
        on ranked.learner_id = leavers.learner_id
       and ranked.place = 1
)

select * from final
