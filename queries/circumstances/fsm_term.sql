/*
title = "Free school meals of each learner in each term in which anybody says anything of them"
grain = ["learner_id", "ay", "term"]
reads = ["stg_circumstance", "school_year", "policy", "code_circumstance_basis", "build_context"]
[columns]
learner_id = "Pseudonym of the learner"
ay = "The academic year, by its end year"
term = "1 autumn, 2 spring, 3 summer"
term_no = "Terms counted through: three for each year"
fsm = "Eligible for and claiming free meals: yes when any source says so, no when one says no and none says yes"
is_observed = "Whether any row says what was true on its day, yes or no; a spell can only say yes"
fsm_basis = "legacy: by the rules before September 2026, or protected; uc_2026: only because of the rule since; unknown; empty without meals"
*/
-- A row without a spell says what was true on its day. A spell says it of every census day that it covers, as far as it
-- was observed; that somebody has no spell is not a no.
with term_days as (
    select ay, 1 as term, autumn_census_on as day from school_year
    union all
    select ay, 2 as term, january_census_on as day from school_year
    union all
    select ay, 3 as term, summer_census_on as day from school_year
),

observed_terms as (
    select
        learner_id,
        academic_year(observed_on) as ay,
        case when month(observed_on) >= 9 then 1 when month(observed_on) <= 3 then 2 else 3 end as term,
        value,
        basis,
        1 as observed
    from stg_circumstance
    where kind = 'fsm'
      and starts_on is null
      and observed_on is not null
),

spelled_terms as (
    select stg_circumstance.learner_id, term_days.ay, term_days.term, stg_circumstance.value, stg_circumstance.basis, 0 as observed
    from stg_circumstance
    cross join build_context
    inner join term_days
        on term_days.day >= stg_circumstance.starts_on
       and term_days.day <= coalesce(stg_circumstance.ends_on, stg_circumstance.observed_on, build_context.as_of)
       and term_days.day <= build_context.as_of
    where stg_circumstance.kind = 'fsm'
      and stg_circumstance.starts_on is not null
),

said_terms as (
    select * from observed_terms
    union all
    select * from spelled_terms
),

rules as (
    select ay, max(value) as is_new_rule
    from policy
    where parameter = 'fsm_universal_credit_rule'
    group by ay
),

based_terms as (
    select
        said_terms.learner_id,
        said_terms.ay,
        said_terms.term,
        said_terms.value,
        said_terms.observed,
        case when rules.is_new_rule = 0 then 'legacy'
             else coalesce(code_circumstance_basis.fsm_basis, 'unknown')
        end as basis
    from said_terms
    left join rules on rules.ay = said_terms.ay
    left join code_circumstance_basis on code_circumstance_basis.code = said_terms.basis
    where said_terms.value in ('Y', 'N')
),

final as (
    select
        learner_id,
        ay,
        cast(term as integer) as term,
        cast(ay * 3 + term as integer) as term_no,
        max(case when value = 'Y' then 1 else 0 end) = 1 as fsm,
        max(observed) = 1 as is_observed,
        case when max(case when value = 'Y' and basis = 'legacy' then 1 else 0 end) = 1 then 'legacy'
             when max(case when value = 'Y' and basis = 'unknown' then 1 else 0 end) = 1 then 'unknown'
             when max(case when value = 'Y' then 1 else 0 end) = 1 then 'uc_2026'
        end as fsm_basis
    from based_terms
    group by learner_id, ay, term
)

select * from final
