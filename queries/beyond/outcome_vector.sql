/*
title = "What became of every learner of a finished cohort, domain by domain, and the index that comes second"
grain = ["learner_id"]
reads = ["ladder_result", "ks4_result", "domain_score", "index_version", "index_sensitivity", "sustained_after_16", "circumstance_year", "spell", "suspension_event", "goal_score"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
of_many = ["t_attainment", "t_engagement", "n_domains", "index_state", "distance_index", "distance_error"]
[columns]
learner_id = "Pseudonym of the learner, 32 hex characters"
ks4_ay = "The academic year, by its end year, of Year 11"
in_denominator = "Has neither died nor left England"
ladder_state = "A: as in ladder_result"
ladder5 = "A: accredited attainment"
basics_9_4 = "B: as in ks4_result"
moves_mid_year_since_y7 = "R: mid-year changes of school since Year 7; empty where no year tells"
in_school_at_16 = "R: on a main roll of a mainstream or special school on the January census day of Year 11"
sustained_16 = "D: sustained, not_sustained, unknown or not_due, October to March after Year 11"
sustained_17 = "D: the same a year later"
n_missing_spells = "W: entries of the register of missing education since Year 7; context, never scored"
n_permanent_exclusions = "W: permanent exclusions that count since Year 7; context, never scored"
t_attainment = "A against those who started alike; 50 is as expected"
t_engagement = "E: attendance against others like them; empty for who was never in provision"
t_social = "S: strengths and difficulties against the own start"
t_goals = "G: goals as set"
share_moderated = "Of the goals behind G, those that somebody else scored blind; empty without any"
n_domains = "Domains with a score"
index_state = "known; too_few_domains; no_anchor, neither attainment nor engagement; suppressed or no_rule_for_year as in index_sensitivity; unknown when there is no score at all"
distance_index = "Mean of the scores, goals held between 35 and 65; empty unless known"
distance_error = "Its standard error; empty when the error of one domain is not held"
*/
with scores as (
    select
        learner_id,
        max(case when domain = 'attainment' then t_score end) as t_attainment,
        max(case when domain = 'engagement' then t_score end) as t_engagement,
        max(case when domain = 'social' then t_score end) as t_social,
        max(case when domain = 'goals' then t_score end) as t_goals,
        max(case when domain = 'goals' then score_on end) as goals_on
    from domain_score
    group by learner_id
),

moderation as (
    select
        scores.learner_id,
        share_of(sum(goal_score.n_moderated), sum(goal_score.n_goals)) as share_moderated
    from scores
    inner join goal_score
        on goal_score.learner_id = scores.learner_id
       and goal_score.taken_on = scores.goals_on
    group by scores.learner_id
),

destinations as (
    select
        learner_id,
        max(case when age = 16 then sustained end) as sustained_16,
        max(case when age = 17 then sustained end) as sustained_17
    from sustained_after_16
    group by learner_id
),

missing as (
    select ladder_result.learner_id, count(*) as n_missing_spells
    from ladder_result
    inner join spell
        on spell.learner_id = ladder_result.learner_id
       and spell.legal_basis = 'cme'
       and spell.starts_on > year_ends_on(ladder_result.ks4_ay - 5)
       and spell.starts_on <= year_ends_on(ladder_result.ks4_ay)
    group by ladder_result.learner_id
),

exclusions as (
    select ladder_result.learner_id, count(*) as n_permanent_exclusions
    from ladder_result
    inner join suspension_event
        on suspension_event.learner_id = ladder_result.learner_id
       and suspension_event.category = 'PERM'
       and suspension_event.counts
       and suspension_event.starts_on > year_ends_on(ladder_result.ks4_ay - 5)
       and suspension_event.starts_on <= year_ends_on(ladder_result.ks4_ay)
    group by ladder_result.learner_id
),

facts as (
    select
        ladder_result.learner_id,
        ladder_result.ks4_ay,
        ladder_result.in_denominator,
        ladder_result.ladder_state,
        ladder_result.ladder5,
        ks4_result.basics_9_4,
        circumstance_year.moves_mid_year_since_y7,
        ks4_result.kind in ('mainstream', 'resourced_unit', 'special') as in_school_at_16,
        destinations.sustained_16,
        destinations.sustained_17,
        coalesce(missing.n_missing_spells, 0) as n_missing_spells,
        coalesce(exclusions.n_permanent_exclusions, 0) as n_permanent_exclusions,
        scores.t_attainment,
        scores.t_engagement,
        scores.t_social,
        scores.t_goals,
        moderation.share_moderated,
        coalesce(index_version.n_domains, 0) as n_domains,
        case when scores.learner_id is null then 'unknown'
             when index_version.learner_id is null then 'no_rule_for_year'
             when index_version.n_domains < 2 then 'too_few_domains'
             when not index_version.has_anchor then 'no_anchor'
             when index_sensitivity.index_state in ('suppressed', 'no_rule_for_year') then index_sensitivity.index_state
             else 'known'
        end as index_state,
        index_version.equal,
        index_version.error
    from ladder_result
    inner join ks4_result on ks4_result.learner_id = ladder_result.learner_id
    left join circumstance_year
        on circumstance_year.learner_id = ladder_result.learner_id
       and circumstance_year.ay = ladder_result.ks4_ay
    left join destinations on destinations.learner_id = ladder_result.learner_id
    left join missing on missing.learner_id = ladder_result.learner_id
    left join exclusions on exclusions.learner_id = ladder_result.learner_id
    left join scores on scores.learner_id = ladder_result.learner_id
    left join moderation on moderation.learner_id = ladder_result.learner_id
    left join index_version on index_version.learner_id = ladder_result.learner_id
    left join index_sensitivity on index_sensitivity.ks4_ay = ladder_result.ks4_ay
),

final as (
    select
        learner_id,
        ks4_ay,
        in_denominator,
        ladder_state,
        ladder5,
        basics_9_4,
        moves_mid_year_since_y7,
        in_school_at_16,
        coalesce(sustained_16, 'unknown') as sustained_16,
        coalesce(sustained_17, 'unknown') as sustained_17,
        cast(n_missing_spells as integer) as n_missing_spells,
        cast(n_permanent_exclusions as integer) as n_permanent_exclusions,
        t_attainment,
        t_engagement,
        t_social,
        t_goals,
        share_moderated,
        cast(n_domains as integer) as n_domains,
        index_state,
        case when index_state = 'known' then cast(round(equal, 1) as decimal(9, 1)) end as distance_index,
        case when index_state = 'known' then error end as distance_error
    from facts
)

select * from final
