/*
title = "Whom each source told of in each term, and how much it told of them"
grain = ["source", "ay", "term"]
reads = ["subject_told", "subject_profile"]
purposes = ["research", "participation", "ap_commissioning"]
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
with terms_told as (
    select subject_told.subject_id, subject_told.source, subject_told.ay, terms.term
    from subject_told
    cross join (values ('autumn'), ('spring'), ('summer'), ('not_dated')) as terms(term)
    where case terms.term
              when 'autumn' then subject_told.in_autumn
              when 'spring' then subject_told.in_spring
              when 'summer' then subject_told.in_summer
              else subject_told.ay is null
          end
),

told as (
    select subject_id, source, ay, term
    from terms_told
    union all
    select subject_id, source, cast(null as smallint) as ay, 'all' as term
    from subject_profile
),

counts as (
    select
        told.source,
        told.ay,
        told.term,
        count(*) as n_subjects,
        count(distinct subject_profile.learner_id) as n_learners,
        count(*) filter (where subject_profile.upn = 'valid') as n_with_upn,
        count(*) filter (where subject_profile.has_uln) as n_with_uln,
        count(*) filter (where subject_profile.has_name) as n_with_name,
        count(*) filter (where subject_profile.has_birth_date) as n_with_birth_date,
        count(*) filter (where subject_profile.has_postcode) as n_with_postcode,
        count(*) filter (where subject_profile.has_name is null) as n_missing,
        count(*) filter (where subject_profile.is_linked) as n_linked
    from told
    inner join subject_profile on subject_profile.subject_id = told.subject_id
    group by told.source, told.ay, told.term
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
