/*
title = "How far each learner has come on each measure since its starting point, and whether that is more than chance"
grain = ["learner_id", "measure", "informant", "later_on", "later_point"]
reads = ["stg_assessment", "goal_score", "code_distance_measure", "code_sdq_band"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
measure = "The questionnaire, profile, age or score; goal_t is worked out from the goals, gas is what the provider says"
domain = "social, goals or literacy"
informant = "Who answered: two scores compare only by the same one; not_known where the sheet does not say"
later_on = "Day of the review or exit"
later_point = "review or exit"
baseline_on = "Day of the starting point: the latest one before, by the same informant; empty when there is none"
baseline_score = "Score then"
later_score = "Score at the review or exit"
change = "later_score - baseline_score, in the measure's own points"
gain = "The same with more always being better"
reliable_change_index = "gain / (spread x root of 2 (1 - reliability)); empty where spread and reliability are not held"
change_state = "better or worse (beyond 1.96), no_reliable_change, not_held without a reliability, or no_baseline"
added_value = "Parent's questionnaire only: 2.3 + 0.8 x total + 0.2 x impact - 0.3 x emotional - later total; constants from memory"
t_score = "50 + 10 x added_value / 5, else 50 + 10 x reliable_change_index; of goals the T score as it is; between 20 and 80"
t_error = "Standard error of t_score: 10 where it is of a reliable change; empty where none is held"
baseline_band = "Band of the questionnaire then, by teacher or parent"
later_band = "Band at the review or exit"
*/
with assessed as (
    select distinct learner_id, kind, coalesce(informant, 'not_known') as informant, taken_on, point, score
    from stg_assessment
    where score is not null
      and kind <> 'ks2'
      and point in ('baseline', 'review', 'exit')
    union all
    select learner_id, 'goal_t' as kind, 'not_known' as informant, taken_on, point, goal_t as score
    from goal_score
    where goal_t is not null
      and point in ('baseline', 'review', 'exit')
),

-- Two scores of one day, informant and point: the greater one stands.
scores as (
    select learner_id, kind, informant, taken_on, point, cast(max(score) as decimal(9, 4)) as score
    from assessed
    group by learner_id, kind, informant, taken_on, point
),

measures as (
    select
        scores.*,
        coalesce(exact.domain, by_kind.domain) as domain,
        coalesce(exact.better, by_kind.better) as better,
        cast(coalesce(exact.sd, by_kind.sd) as decimal(9, 4)) as sd,
        cast(coalesce(exact.reliability, by_kind.reliability) as decimal(9, 4)) as reliability
    from scores
    left join code_distance_measure as exact on exact.code = concat(scores.kind, '/', scores.informant)
    left join code_distance_measure as by_kind on by_kind.code = scores.kind
    where scores.kind = 'goal_t'
       or coalesce(exact.domain, by_kind.domain) is not null
),

pairs as (
    select
        later.learner_id,
        later.kind,
        later.informant,
        later.taken_on as later_on,
        later.point as later_point,
        later.score as later_score,
        later.domain,
        later.better,
        later.sd,
        later.reliability,
        baseline.taken_on as baseline_on,
        baseline.score as baseline_score,
        row_number() over (
            partition by later.learner_id, later.kind, later.informant, later.taken_on, later.point
            order by baseline.taken_on desc nulls last
        ) as place
    from measures as later
    left join scores as baseline
        on baseline.learner_id = later.learner_id
       and baseline.kind = later.kind
       and baseline.informant = later.informant
       and baseline.point = 'baseline'
       and baseline.taken_on < later.taken_on
    where later.point in ('review', 'exit')
),

compared as (
    select
        pairs.*,
        pairs.later_score - pairs.baseline_score as change,
        case when pairs.better = 'lower' then pairs.baseline_score - pairs.later_score
             else pairs.later_score - pairs.baseline_score end as gain,
        case when pairs.sd > 0 and pairs.reliability < 1 then pairs.sd * sqrt(2e0 * (1e0 - pairs.reliability)) end as spread_of_change,
        impact.score as impact,
        emotional.score as emotional
    from pairs
    left join scores as impact
        on impact.learner_id = pairs.learner_id
       and impact.kind = 'sdq_impact'
       and impact.informant = pairs.informant
       and impact.point = 'baseline'
       and impact.taken_on = pairs.baseline_on
    left join scores as emotional
        on emotional.learner_id = pairs.learner_id
       and emotional.kind = 'sdq_emotional'
       and emotional.informant = pairs.informant
       and emotional.point = 'baseline'
       and emotional.taken_on = pairs.baseline_on
    where pairs.place = 1
),

judged as (
    select
        *,
        gain / spread_of_change as index_of_change,
        case when kind = 'sdq' and informant = 'parent'
             then 2.3 + 0.8 * baseline_score + 0.2 * impact - 0.3 * emotional - later_score end as added_value
    from compared
),

bands as (
    select
        judged.learner_id,
        judged.informant,
        judged.later_on,
        judged.later_point,
        max(case when cast(code_sdq_band.least as integer) <= judged.baseline_score then code_sdq_band.code end) as baseline_band,
        max(case when cast(code_sdq_band.least as integer) <= judged.later_score then code_sdq_band.code end) as later_band
    from judged
    inner join code_sdq_band on code_sdq_band.informant = judged.informant
    where judged.kind = 'sdq'
    group by judged.learner_id, judged.informant, judged.later_on, judged.later_point
),

final as (
    select
        judged.learner_id,
        judged.kind as measure,
        coalesce(judged.domain, 'goals') as domain,
        judged.informant,
        judged.later_on,
        judged.later_point,
        judged.baseline_on,
        judged.baseline_score,
        judged.later_score,
        cast(judged.change as decimal(9, 4)) as change,
        cast(judged.gain as decimal(9, 4)) as gain,
        cast(round(judged.index_of_change, 2) as decimal(9, 2)) as reliable_change_index,
        case when judged.baseline_on is null then 'no_baseline'
             when judged.index_of_change is null then 'not_held'
             when judged.index_of_change > 1.96 then 'better'
             when judged.index_of_change < -1.96 then 'worse'
             else 'no_reliable_change'
        end as change_state,
        cast(judged.added_value as decimal(9, 2)) as added_value,
        cast(round(case when judged.kind in ('goal_t', 'gas') then least(80e0, greatest(20e0, judged.later_score))
                        when judged.added_value is not null then least(80e0, greatest(20e0, 50e0 + 2e0 * judged.added_value))
                        when judged.index_of_change is not null then least(80e0, greatest(20e0, 50e0 + 10e0 * judged.index_of_change))
                   end, 1) as decimal(9, 1)) as t_score,
        cast(case when judged.kind not in ('goal_t', 'gas') and judged.added_value is null and judged.index_of_change is not null
                  then 10 end as decimal(9, 1)) as t_error,
        bands.baseline_band,
        bands.later_band
    from judged
    left join bands
        on judged.kind = 'sdq'
       and bands.learner_id = judged.learner_id
       and bands.informant = judged.informant
       and bands.later_on = judged.later_on
       and bands.later_point = judged.later_point
)

select * from final
