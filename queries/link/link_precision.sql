/*
title = "How often links of each band are right: as stated, and as persons found who looked"
grain = ["band"]
reads = ["subject_profile", "link_rule", "link_sample"]
purposes = ["research", "participation", "ap_commissioning"]
published = true
[columns]
band = "certain: joined by a rule; likely: by weights; other bands are of pairs that were not joined"
n_subjects = "Subjects joined in this band: the denominator of stated"
basis = "What a rule's joins are believed by: sample, policy, or no_rule_for_year"
stated = "Share that is right, by the probabilities stated and by what is believed of rules"
stated_low = "Lower end of its interval"
stated_high = "Upper end of its interval"
n_sampled = "Pairs of the band, drawn by chance, that a person looked at: the denominator of sampled"
n_agreed = "Of them, one person, as the person found"
sampled = "n_agreed / n_sampled; empty when nobody looked"
sampled_low = "Lower end of its 95% interval"
sampled_high = "Upper end of its 95% interval"
*/
with joined as (
    select
        band,
        count(*) as n_subjects,
        count(*) filter (where probability = 1) as n_by_rule,
        coalesce(sum(probability) filter (where probability < 1), 0) as weighed_right,
        coalesce(sum(probability * (1 - probability)) filter (where probability < 1), 0) as weighed_variance
    from subject_profile
    where is_linked
    group by band
),

samples as (
    select band, count(*) as n_sampled, count(*) filter (where agreed) as n_agreed
    from link_sample
    group by band
),

bands as (
    select band from joined
    union
    select band from samples
),

final as (
    select
        bands.band,
        coalesce(joined.n_subjects, 0) as n_subjects,
        link_rule.basis,
        ratio_of_chances(joined.weighed_right + joined.n_by_rule * link_rule.rule_right, joined.n_subjects) as stated,
        chances_low(
            joined.weighed_right + joined.n_by_rule * link_rule.rule_right_least,
            joined.weighed_variance + joined.n_by_rule * link_rule.rule_right * (1 - link_rule.rule_right),
            joined.n_subjects) as stated_low,
        chances_high(
            joined.weighed_right + joined.n_by_rule * link_rule.rule_right_most,
            joined.weighed_variance + joined.n_by_rule * link_rule.rule_right * (1 - link_rule.rule_right),
            joined.n_subjects) as stated_high,
        coalesce(samples.n_sampled, 0) as n_sampled,
        coalesce(samples.n_agreed, 0) as n_agreed,
        share_of(samples.n_agreed, samples.n_sampled) as sampled,
        wilson_low(samples.n_agreed, samples.n_sampled) as sampled_low,
        wilson_high(samples.n_agreed, samples.n_sampled) as sampled_high
    from bands
    cross join link_rule
    left join joined on joined.band = bands.band
    left join samples on samples.band = bands.band
)

select * from final
