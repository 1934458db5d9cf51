/*
title = "Whom each source told of in each term, and how much it told of them"
grain = ["source", "ay", "term"]
reads = ["subject_told", "subject_profile"]
purposes = ["research", "participation"]
published = true
[columns]
source = "The source"
ay = "The academic year, by its end year, that its rows are about; empty where they have no date, and for all terms together"
term = "autumn, spring, summer, not_dated, or all: whoever was told of at any time, once"
n_subjects = "People as the source knows them: the denominator of every share here"
n_learners = "Distinct learners they were linked to"
n_with_upn = "Of the subjects, with a permanent pupil number whose check letter is right"
n_with_uln = "With a learner number"
n_with_name = "With a forename and a surname"
n_with_birth_date = "With a birth date"
n_with_postcode = "With a postcode"
n_missing = "Subjects of which it is not known how much was told: their identities have had their time"
n_linked = "Subjects whose learner has another subject"
share_with_upn = "n_with_upn / n_subjects"
share_with_uln = "n_with_uln / n_subjects"
share_with_name = "n_with_name / n_subjects"
share_with_birth_date = "n_with_birth_date / n_subjects"
share_with_postcode = "n_with_postcode / n_subjects"
share_linked = "n_linked / n_subjects"
*/
with told as (
    select
        subject_told.source,
        subject_told.ay,
        subject_told.in_autumn,
        subject_told.in_spring,
        subject_told.in_summer,
        subject_told.ay is null as is_not_dated,
        false as is_any_time,
        subject_profile.learner_id,
        subject_profile.upn = 'valid' as has_valid_upn,
        subject_profile.has_uln,
        subject_profile.has_name,
        subject_profile.has_birth_date,
        subject_profile.has_postcode,
        subject_profile.is_linked
    from subject_told
    inner join subject_profile on subject_profile.subject_id = subject_told.subject_id
    union all
    select
        source,
        cast(null as smallint) as ay,
        false as in_autumn,
        false as in_spring,
        false as in_summer,
        false as is_not_dated,
        true as is_any_time,
        learner_id,
        upn = 'valid' as has_valid_upn,
        has_uln,
        has_name,
        has_birth_date,
        has_postcode,
        is_linked
    from subject_profile
),

-- Subjects that are alike are counted once, and their number then serves every term.
alike as (
    select
        source, ay, in_autumn, in_spring, in_summer, is_not_dated, is_any_time,
        has_valid_upn, has_uln, has_name, has_birth_date, has_postcode, is_linked,
        count(*) as n_subjects,
        0 as n_learners
    from told
    group by source, ay, in_autumn, in_spring, in_summer, is_not_dated, is_any_time,
             has_valid_upn, has_uln, has_name, has_birth_date, has_postcode, is_linked
),

-- A learner whom a source knows twice is one.
learners as (
    select
        source, ay, is_not_dated, is_any_time, learner_id,
        bool_or(in_autumn) as in_autumn,
        bool_or(in_spring) as in_spring,
        bool_or(in_summer) as in_summer
    from told
    group by source, ay, is_not_dated, is_any_time, learner_id
),

counted as (
    select * from alike
    union all
    select
        source, ay, in_autumn, in_spring, in_summer, is_not_dated, is_any_time,
        false as has_valid_upn, false as has_uln, false as has_name, false as has_birth_date, false as has_postcode, false as is_linked,
        0 as n_subjects,
        count(*) as n_learners
    from learners
    group by source, ay, in_autumn, in_spring, in_summer, is_not_dated, is_any_time
),

counts as (
    select
        counted.source,
        counted.ay,
        terms.term,
        cast(sum(counted.n_subjects) as bigint) as n_subjects,
        cast(sum(counted.n_learners) as bigint) as n_learners,
        cast(sum(case when counted.has_valid_upn then counted.n_subjects else 0 end) as bigint) as n_with_upn,
        cast(sum(case when counted.has_uln then counted.n_subjects else 0 end) as bigint) as n_with_uln,
        cast(sum(case when counted.has_name then counted.n_subjects else 0 end) as bigint) as n_with_name,
        cast(sum(case when counted.has_birth_date then counted.n_subjects else 0 end) as bigint) as n_with_birth_date,
        cast(sum(case when counted.has_postcode then counted.n_subjects else 0 end) as bigint) as n_with_postcode,
        cast(sum(case when counted.has_name is null then counted.n_subjects else 0 end) as bigint) as n_missing,
        cast(sum(case when counted.is_linked then counted.n_subjects else 0 end) as bigint) as n_linked
    from counted
    cross join (values ('autumn'), ('spring'), ('summer'), ('not_dated'), ('all')) as terms(term)
    where case terms.term
              when 'autumn' then counted.in_autumn
              when 'spring' then counted.in_spring
              when 'summer' then counted.in_summer
              when 'not_dated' then counted.is_not_dated
              else counted.is_any_time
          end
    group by counted.source, counted.ay, terms.term
),

final as (
    select
        source,
        ay,
        term,
        n_subjects,
        n_learners,
        n_with_upn,
        n_with_uln,
        n_with_name,
        n_with_birth_date,
        n_with_postcode,
        n_missing,
        n_linked,
        share_of(n_with_upn, n_subjects) as share_with_upn,
        share_of(n_with_uln, n_subjects) as share_with_uln,
        share_of(n_with_name, n_subjects) as share_with_name,
        share_of(n_with_birth_date, n_subjects) as share_with_birth_date,
        share_of(n_with_postcode, n_subjects) as share_with_postcode,
        share_of(n_linked, n_subjects) as share_linked
    from counts
)

select * from final
