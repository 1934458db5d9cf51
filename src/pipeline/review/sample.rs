//! A clerical sample: joined pairs, drawn across the bands, so that what persons find in them says how often joining is
//! right. The same register and key give the same draw, and a larger one holds the smaller.
use crate::{
    catalog::SampledPair,
    fault::Name,
    link::{Cluster, Doubt, Explainer, Member},
    privacy::{Keyed, Pseudonym},
};
use std::collections::BTreeMap;

/// A pair that was drawn.
pub(super) struct Drawn {
    pub(super) doubt: Doubt,
    pub(super) band: Name,
    /// How many were joined in its band.
    joined: i64,
}

/// Draws so many joined pairs: of each band as many as of the others, as far as it has them.
pub(super) fn draw(
    clusters: &[Cluster],
    explainer: &Explainer<'_>,
    keyed: &Keyed,
    size: usize,
) -> Vec<Drawn> {
    let mut bands: BTreeMap<&'static str, Vec<(&Cluster, &Member)>> = BTreeMap::new();
    for cluster in clusters {
        for member in cluster.members.iter().skip(1) {
            bands.entry(band(member)).or_default().push((cluster, member));
        }
    }
    for members in bands.values_mut() {
        members.sort_by_cached_key(|(_, member)| keyed.digest("review sample", &[&member.subject]));
    }
    let mut drawn = Vec::new();
    let deepest = bands.values().map(Vec::len).max().unwrap_or(0);
    for depth in 0..deepest {
        for (band, members) in &bands {
            let Some((cluster, member)) = members.get(depth).filter(|_| drawn.len() < size) else { continue };
            let Some((partner, probability)) = partner(explainer, cluster, &member.subject) else { continue };
            let pair = (member.subject.min(partner), member.subject.max(partner));
            let why = Name::declare("sample");
            let doubt = Doubt { pair, probability, why, runner_up: None };
            drawn.push(Drawn { doubt, band: Name::declare(band), joined: members.len() as i64 });
        }
    }
    drawn
}

/// The same as the catalog keeps it.
pub(super) fn kept(drawn: &[Drawn]) -> Vec<SampledPair> {
    let pair = |drawn: &Drawn| SampledPair {
        pair: drawn.doubt.pair,
        band: drawn.band.as_str().to_owned(),
        joined: drawn.joined,
    };
    drawn.iter().map(pair).collect()
}

/// By what a subject was joined: the rule, or in which range its probability lies.
fn band(member: &Member) -> &'static str {
    match member.probability {
        10_000 => member.method.as_str(),
        9_900.. => "weighed_99",
        9_500.. => "weighed_95",
        _ => "weighed_90",
    }
}

/// Of the others of its cluster the one that a subject agrees with best, and how likely the two are one.
fn partner(explainer: &Explainer<'_>, cluster: &Cluster, subject: &Pseudonym) -> Option<(Pseudonym, u16)> {
    let others = cluster.members.iter().filter(|other| other.subject != *subject);
    let weighed =
        others.filter_map(|other| Some((other.subject, explainer.explain(subject, &other.subject)?)));
    let best = weighed.max_by(|a, b| {
        (a.1.rule.is_some().cmp(&b.1.rule.is_some())).then(a.1.sum.total_cmp(&b.1.sum)).then(b.0.cmp(&a.0))
    });
    best.map(|(partner, explained)| (partner, (explained.probability * 10_000.0) as u16))
}
