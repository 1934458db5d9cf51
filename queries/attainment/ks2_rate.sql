/*
title = "Key stage 2: shares at the expected and the higher standard in reading, writing and maths, and in all three"
grain = ["cohort_ay", "population", "disadvantage", "measure"]
reads = ["cohort_member", "ks2_subject"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
cohort_ay = "The academic year, by its end year, of Year 6"
population = "attending or resident on the January census day of Year 6, or ever_y6_here: in Year 6 here on any day"
disadvantage = "all, disadvantaged, other or not_known, as seen in Year 6"
measure = "Subject and standard: reading, maths and writing at the expected or higher standard, reading and maths at 90 or more, rwm for all three"
n_members = "Everybody in that Year 6: the denominator of whole_cohort"
n_missing = "Of them those of whom it is not known"
n_known = "Of them those of whom it is known, those who worked below the test too: the denominator of observed"
n_achieved = "The numerator of both"
observed = "n_achieved / n_known"
observed_low = "Lower end of its 95% interval"
observed_high = "Upper end of its 95% interval"
whole_cohort = "n_achieved / n_members: a lower bound, unknown counts as not achieved"
whole_cohort_low = "Lower end of its 95% interval"
whole_cohort_high = "Upper end of its 95% interval"
upper = "(n_achieved + n_missing) / n_members: an upper bound"
*/
-- Only years that had tests have rows. Who came after Year 6 is in none of the populations.
with answers as (
    select
        cohort_member.cohort_ay,
        populations.population,
        groups_of.disadvantage,
        measures.measure,
        case measures.measure
            when 'reading_expected' then ks2_subject.reading_expected
            when 'reading_higher' then ks2_subject.reading_higher
            when 'reading_90' then ks2_subject.reading_90
            when 'maths_expected' then ks2_subject.maths_expected
            when 'maths_higher' then ks2_subject.maths_higher
            when 'maths_90' then ks2_subject.maths_90
            when 'writing_expected' then ks2_subject.writing_expected
            when 'writing_higher' then ks2_subject.writing_higher
            when 'rwm_expected' then ks2_subject.rwm_expected
            when 'rwm_higher' then ks2_subject.rwm_higher
        end as answer
    from cohort_member
    inner join ks2_subject on ks2_subject.learner_id = cohort_member.learner_id
    cross join (values ('attending'), ('resident'), ('ever_y6_here')) as populations(population)
    cross join (values ('all'), ('disadvantaged'), ('other'), ('not_known')) as groups_of(disadvantage)
    cross join (values ('reading_expected'), ('reading_higher'), ('reading_90'), ('maths_expected'), ('maths_higher'), ('maths_90'),
                       ('writing_expected'), ('writing_higher'), ('rwm_expected'), ('rwm_higher')) as measures(measure)
    where case populations.population when 'attending' then cohort_member.attending
                                      when 'resident' then cohort_member.resident
                                      else cohort_member.ever_y6_here end
      and cohort_member.present_y6
      and case groups_of.disadvantage when 'all' then true
                                      when 'disadvantaged' then coalesce(cohort_member.dis_y6, false)
                                      when 'other' then not coalesce(cohort_member.dis_y6, true)
                                      else cohort_member.dis_y6 is null end
),

counts as (
    select
        cohort_ay,
        population,
        disadvantage,
        measure,
        count(*) as n_members,
        count(*) filter (where answer = 'unknown') as n_missing,
        count(*) filter (where answer <> 'unknown') as n_known,
        count(*) filter (where answer = 'achieved') as n_achieved
    from answers
    where answer not in ('not_published', 'no_rule_for_year')
    group by cohort_ay, population, disadvantage, measure
),

final as (
    select
        cohort_ay,
        population,
        disadvantage,
        measure,
        n_members,
        n_missing,
        n_known,
        n_achieved,
        share_of(n_achieved, n_known) as observed,
        wilson_low(n_achieved, n_known) as observed_low,
        wilson_high(n_achieved, n_known) as observed_high,
        share_of(n_achieved, n_members) as whole_cohort,
        wilson_low(n_achieved, n_members) as whole_cohort_low,
        wilson_high(n_achieved, n_members) as whole_cohort_high,
        share_of(n_achieved + n_missing, n_members) as upper
    from counts
)

select * from final
