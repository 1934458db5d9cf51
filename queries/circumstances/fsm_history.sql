/*
title = "Free school meals up to each January: now, in six years, over all the time seen"
grain = ["learner_id", "ay"]
reads = ["learner_year", "fsm_term", "stg_circumstance", "policy"]
materialise = "view"
[columns]
learner_id = "Pseudonym of the learner"
ay = "The academic year, by its end year"
*/
-- The reference is the spring term of the year. The window is the 18 terms up to it, and how many of them anybody saw
-- stands beside the answer: whoever came late or was in provision has fewer. Where spells are all that is told, nothing could have said that there
-- were no meals, and a share of the terms with meals would always be all of them: none is told.
with rules as (
    select
        ay,
        cast(max(case when parameter = 'ever6_terms' then value end) as integer) as window_terms,
        max(case when parameter = 'persistent_disadvantage_percent' then value end) as persistent_percent,
        max(case when parameter = 'persistent_disadvantage_min_terms' then value end) as min_terms,
        max(case when parameter = 'fsm_universal_credit_rule' then value end) as is_new_rule
    from policy
    group by ay
),

-- A source can say outright that somebody had meals within six years, of terms that nobody here saw.
flags as (
    select
        learner_id,
        academic_year(observed_on) as ay,
        count(*) filter (where value = 'Y') as n_yes,
        count(*) filter (where value = 'N') as n_no
    from stg_circumstance
    where kind = 'fsm6'
      and observed_on is not null
    group by learner_id, academic_year(observed_on)
),

terms as (
    select
        learner_year.learner_id,
        learner_year.ay,
        learner_year.ay * 3 + 2 as reference_no,
        rules.window_terms,
        fsm_term.term_no,
        fsm_term.fsm,
        fsm_term.fsm_basis,
        fsm_term.is_observed,
        fsm_term.term_no > learner_year.ay * 3 + 2 - rules.window_terms as is_in_window
    from learner_year
    inner join fsm_term
        on fsm_term.learner_id = learner_year.learner_id
       and fsm_term.term_no <= learner_year.ay * 3 + 2
    left join rules on rules.ay = learner_year.ay
),

sums as (
    select
        learner_id,
        ay,
        max(case when term_no = reference_no then case when fsm then 1 else 0 end end) as fsm_now,
        count(*) as n_observed,
        count(*) filter (where is_observed) > 0 as is_share_known,
        count(*) filter (where fsm) as n_fsm,
        max(case when fsm then term_no end) as last_fsm_no,
        count(*) filter (where is_in_window) as n_window,
        count(*) filter (where is_in_window and fsm) as n_window_any,
        count(*) filter (where is_in_window and fsm_basis = 'legacy') as n_window_legacy,
        count(*) filter (where is_in_window and fsm_basis = 'unknown') as n_window_unknown
    from terms
    group by learner_id, ay
),

final as (
    select
        learner_year.learner_id,
        learner_year.ay,
        sums.fsm_now = 1 as fsm,
        case when rules.window_terms is null then null
             when sums.n_window_any > 0 or flags.n_yes > 0 then true
             when sums.n_window > 0 or flags.n_no > 0 then false
        end as ever6_any,
        case when rules.window_terms is null then null
             when sums.n_window_legacy > 0 or (flags.n_yes > 0 and rules.is_new_rule = 0) then true
             when sums.n_window_unknown > 0 or flags.n_yes > 0 then null
             when sums.n_window > 0 or flags.n_no > 0 then false
        end as ever6_legacy,
        cast(coalesce(sums.n_window, 0) as integer) as ever6_terms_observed,
        cast(coalesce(sums.n_observed, 0) as integer) as terms_observed,
        cast(coalesce(sums.n_fsm, 0) as integer) as terms_fsm,
        case when sums.is_share_known then share_of(sums.n_fsm, sums.n_observed) end as fsm_share,
        case when not sums.is_share_known then null
             when sums.n_fsm = 0 then 'never'
             when sums.n_fsm = sums.n_observed then 'always'
             when sums.n_fsm * 100 >= 80 * sums.n_observed then '80_to_99'
             when sums.n_fsm * 100 >= 40 * sums.n_observed then '40_to_79'
             when sums.n_fsm > 0 then 'under_40'
        end as fsm_band,
        case when sums.is_share_known and sums.n_observed >= rules.min_terms
             then sums.n_fsm * 100 >= rules.persistent_percent * sums.n_observed
        end as persistent,
        cast(learner_year.ay * 3 + 2 - sums.last_fsm_no as integer) as terms_since_fsm
    from learner_year
    left join sums
        on sums.learner_id = learner_year.learner_id
       and sums.ay = learner_year.ay
    left join flags
        on flags.learner_id = learner_year.learner_id
       and flags.ay = learner_year.ay
    left join rules on rules.ay = learner_year.ay
)

select * from final
