/*
title = "How often links of each band are right: as stated, and as persons found who looked"
grain = ["band"]
reads = ["subject_profile", "link_rule", "link_sampled"]
purposes = ["research", "participation"]
published = true
[columns]
band = "certain: joined by a rule; likely: by weights; other bands are of pairs that were not joined"
n_subjects = "Subjects joined in this band: the denominator of stated"
basis = "What a rule's joins are believed by: sample, policy, or no_rule_for_year"
stated = "Share that is right, by the probabilities stated and by what is believed of rules"
stated_low = "Lower end of its interval"
stated_high = "Upper end of its interval"
n_sampled = "Pairs of the band, drawn by chance, that a person looked at"
n_agreed = "Of them, one person, as the person found"
sampled = "Share that is right as persons found, each rule and each range of probability counted by how many it had joined; empty when nobody looked"
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

bands as (
    select band from joined
    union
    select band from link_sampled
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
        coalesce(link_sampled.n_sampled, 0) as n_sampled,
        coalesce(link_sampled.n_agreed, 0) as n_agreed,
        link_sampled.sampled,
        link_sampled.sampled_low,
        link_sampled.sampled_high
    from bands
    cross join link_rule
    left join joined on joined.band = bands.band
    left join link_sampled on link_sampled.band = bands.band
)

select * from final
