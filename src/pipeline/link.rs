//! Says which subjects are one learner, from the register, under the model in use and the decisions of persons.
mod drift;
mod model;
#[cfg(test)]
mod model_tests;
mod register;
mod schools;

pub use drift::Drift;
pub(super) use model::reseal_model;
pub use model::{ListedModel, ModelEffect, TrainReport, adopt_model, models, train};
pub(super) use schools::tell as tell_schools;

use super::{Site, SiteFault, Watch, reason::decide, rights};
use crate::{
    catalog::{
        Batch, Catalog, Decision, LearnerChange, LinkMeasure, LinkNews, LinkVerdict, NewFile, Publication,
        SampledPair,
    },
    fault::Name,
    lake::{self, Meta},
    link::{self, Given, People, Told, Trained, Weighed, Weighing},
    privacy::{Identified, Link, LinkEvidence, LinkSample, Pseudonym, Relinked, days},
};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The linker's name where no model is in use: there was too little to learn from.
const RULES_ALONE: &str = "rules";

/// What linking found.
#[derive(Clone, Debug)]
pub struct LinkReport {
    /// People as sources know them.
    pub subjects: u64,
    /// People.
    pub learners: u64,
    /// Subjects joined to another, by rule; `alone` are those that matched nobody.
    pub by_method: Vec<(&'static str, u64)>,
    /// The model's name and version.
    pub model: String,
    /// Whether the model was trained just now, there being none.
    pub trained: bool,
    /// Subjects that were given another learner than before.
    pub changed: u64,
    /// Pairs of subjects that a person should look at.
    pub doubts: u64,
    /// How the match rates of sources moved since subjects were last linked.
    pub moved: Vec<link::Drift>,
    /// Why nothing was published: linking has drifted. A person looks, and accepts it or not.
    pub held: Vec<Drift>,
}

/// Links every subject of the register and publishes the answer, unless it has drifted and nobody accepted that.
pub fn link(site: &mut Site, watch: &mut dyn Watch) -> Result<LinkReport, SiteFault> {
    link_as(site, None, watch)
}

/// Links though it has drifted: a person looked, and gives a reason.
pub fn link_accepted(
    site: &mut Site,
    who: &str,
    reason: &str,
    watch: &mut dyn Watch,
) -> Result<LinkReport, SiteFault> {
    let decision = decide(site, "approved", who, reason)?;
    link_as(site, Some(decision), watch)
}

fn link_as(
    site: &mut Site,
    accepted: Option<Decision>,
    watch: &mut dyn Watch,
) -> Result<LinkReport, SiteFault> {
    rights::settle(site)?;
    let _lock = site.lock("link")?;
    let register = register::read(site, watch)?;
    let linker = Weighed::default();
    let (model, trained) = model::in_use(site, linker, &register.people)?;
    let version = model.as_ref().map_or(RULES_ALONE, |model| &model.0).to_owned();
    let before = site.catalog.anchors()?;
    let mut told = told(&site.catalog)?;
    returned(site, |subject| register.sources.contains_key(subject), &before, &mut told)?;
    let given = Given {
        model: model.as_ref().map(|(_, model)| model),
        known: model::known(site, &version)?,
        told: &told,
    };
    let weighing = linker.link(&register.people, &given).ok_or(SiteFault::Model)?;
    let keyed = site.key.keyed();
    let (mut links, anchors) = link::anchored(&weighing.clusters, &keyed, &before);
    frozen(site, &register.sources, &mut links)?;
    let measures = measures(&register.sources, &links);
    let held = drift::since(&site.catalog.link_measures()?, &measures);
    let changes: Vec<LearnerChange> = anchors
        .iter()
        .filter_map(|(subject, after)| {
            let before = *before.get(subject)?;
            Some(LearnerChange { subject: *subject, before, after: *after })
        })
        .collect();
    let mut report = LinkReport {
        subjects: links.len() as u64,
        learners: links.iter().map(|link| link.learner).collect::<HashSet<_>>().len() as u64,
        by_method: link::by_method(&links),
        model: version.clone(),
        trained: trained.is_some(),
        changed: changes.len() as u64,
        doubts: weighing.doubts.len() as u64,
        moved: link::drift(&register.people, &links, &before),
        held,
    };
    if let Some(decision) = &accepted {
        drift::accept(site, &decision.who, &report)?;
        report.held.clear();
    }
    if report.held.is_empty() {
        let beside = Beside {
            evidence: link::evidence(&register.people, &runners_up(&weighing, model.is_some(), &links)),
            samples: samples(site, &links)?,
        };
        let news = LinkNews { model: trained, changes, measures };
        let model = (version.as_str(), model.as_ref().map(|model| &model.1));
        publish(site, (links, anchors), (&weighing, beside), model, (news, accepted))?;
    }
    Ok(report)
}

/// What linking would find now, and the model that it would stand on; nothing is written. `heard`: with what persons said.
pub(super) fn looked_at(
    site: &Site,
    people: &Identified<People>,
    heard: bool,
) -> Result<(Option<Trained>, Weighing), SiteFault> {
    let linker = Weighed::default();
    let model = model::at_hand(site, linker, people)?;
    let version = model.as_ref().map_or(RULES_ALONE, |(version, _)| version);
    let mut told = if heard { told(&site.catalog)? } else { Vec::new() };
    if heard {
        let there: HashSet<Pseudonym> = people.veiled().people.iter().map(|person| person.subject).collect();
        returned(site, |subject| there.contains(subject), &site.catalog.anchors()?, &mut told)?;
    }
    let known = model::known(site, version)?;
    let model = model.map(|(_, model)| model);
    let given = Given { model: model.as_ref(), known, told: &told };
    let weighing = linker.link(people, &given).ok_or(SiteFault::Model)?;
    Ok((model, weighing))
}

/// The model that the links stand on.
pub(super) fn model_now(site: &Site, people: &Identified<People>) -> Result<Option<Trained>, SiteFault> {
    Ok(model::at_hand(site, Weighed::default(), people)?.map(|(_, model)| model))
}

/// The model in use, if there is one, and what persons said: what any other matching stands on, too.
#[cfg(feature = "warehouse")]
pub(super) fn standing(site: &Site) -> Result<(Option<Trained>, Vec<Told>), SiteFault> {
    Ok((model::adopted(site)?.map(|(_, model)| model), told(&site.catalog)?))
}

/// Writes the links, what was compared, and a model that is new, and publishes them at once.
fn publish(
    site: &mut Site,
    (links, anchors): (Vec<Link>, Vec<(Pseudonym, Pseudonym)>),
    (weighing, beside): (&Weighing, Beside),
    (version, model): (&str, Option<&Trained>),
    (mut news, decision): (LinkNews, Option<Decision>),
) -> Result<(), SiteFault> {
    let data_dir = site.settings.data_dir.clone();
    let run = site.catalog.begin("link", "", &site.stamp())?;
    let seq = site.catalog.reserve_seqs(1)?;
    let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: "" };
    let mut files: Vec<NewFile> = vec![
        lake::write_links(Link::sealed(links), version, &meta)?,
        lake::write_evidence(LinkEvidence::sealed(beside.evidence), &meta)?,
        lake::write_samples(LinkSample::sealed(beside.samples), &meta)?,
    ];
    let changes = every_change(site, &news.changes)?;
    if !changes.is_empty() {
        files.push(lake::write_changes(Relinked::sealed(changes), &meta)?);
    }
    if let Some(model) = model {
        files.push(model::seal_known(site, version, &weighing.known, &meta)?);
        if let Some(new) = &mut news.model {
            files.push(model::seal(site, new, model, &meta)?);
        }
    }
    let dropped = model::past_known(site)?;
    site.catalog.stage(&run, &Batch { seq, files, ..Batch::default() })?;
    let publication = Publication {
        anchors,
        replaces_links: true,
        links: news,
        dropped: dropped.clone(),
        decision,
        ..Publication::default()
    };
    let stamp = site.stamp();
    site.catalog.publish(&run, &publication, &stamp)?;
    for path in dropped {
        // One that cannot be removed is swept later.
        let _ = std::fs::remove_file(data_dir.join(path));
    }
    Ok(())
}

/// What is written beside the links, for those who judge them.
struct Beside {
    evidence: Vec<LinkEvidence>,
    samples: Vec<LinkSample>,
}

/// How likely each subject is at most somebody to whom it was not joined; nothing where no model reckoned it.
fn runners_up(weighing: &Weighing, reckoned: bool, links: &[Link]) -> HashMap<Pseudonym, u16> {
    let of = |link: &Link| (link.subject, weighing.left.get(&link.subject).copied().unwrap_or(0));
    if reckoned { links.iter().map(of).collect() } else { HashMap::new() }
}

/// What persons said of joined pairs that were drawn for them to look at.
fn samples(site: &Site, links: &[Link]) -> Result<Vec<LinkSample>, SiteFault> {
    let told: HashMap<(Pseudonym, Pseudonym), bool> =
        told(&site.catalog)?.into_iter().map(|told| (told.pair, told.same)).collect();
    let link_of = |subject: &Pseudonym| {
        links.binary_search_by_key(subject, |link| link.subject).ok().map(|at| links[at].probability)
    };
    let sample = |drawn: SampledPair| {
        let agreed = *told.get(&drawn.pair)?;
        let by_weights = drawn.band.starts_with("weighed");
        let least = link_of(&drawn.pair.0)?.min(link_of(&drawn.pair.1)?);
        // A rule states no probability; what a person joined since is no more certain for having been looked at.
        let probability = if by_weights { least.min(9_999) } else { 10_000 };
        let band = Name::declare(if by_weights { "likely" } else { "certain" });
        let drawn_from = Name::declare(&drawn.band);
        Some(LinkSample { band, drawn_from, joined: drawn.joined, probability, agreed })
    };
    Ok(site.catalog.sample()?.into_iter().filter_map(sample).collect())
}

/// What persons said, of each pair the newest.
pub(super) fn told(catalog: &Catalog) -> Result<Vec<Told>, SiteFault> {
    let mut newest = BTreeMap::new();
    for (at, decision) in catalog.decisions()?.into_iter().enumerate() {
        newest.insert(decision.pair, (at, decision.verdict));
    }
    let mut told: Vec<(usize, Told)> = newest
        .into_iter()
        .filter(|(_, (_, verdict))| *verdict != LinkVerdict::Withdrawn)
        .map(|(pair, (at, verdict))| (at, Told { pair, same: verdict == LinkVerdict::Same }))
        .collect();
    told.sort_unstable_by_key(|(at, _)| *at);
    Ok(told.into_iter().map(|(_, told)| told).collect())
}

/// Whoever is no longer in the register and still has links keeps them as they were: the entry had its time, and the rows
/// have not.
fn frozen(
    site: &Site,
    there: &HashMap<Pseudonym, &'static str>,
    links: &mut Vec<Link>,
) -> Result<(), SiteFault> {
    for path in site.catalog.link_files()? {
        let held = lake::links_held(&site.settings.data_dir.join(path))?;
        links.extend(held.into_iter().filter(|link| !there.contains_key(&link.subject)));
    }
    links.sort_unstable_by_key(|link| link.subject);
    Ok(())
}

/// Whoever went from the register by age and is said again was linked by what was known then, which the new saying may not
/// repeat: they stay one learner, unless a person says otherwise.
fn returned(
    site: &Site,
    is_there: impl Fn(&Pseudonym) -> bool,
    before: &HashMap<Pseudonym, Pseudonym>,
    told: &mut Vec<Told>,
) -> Result<(), SiteFault> {
    let mut learners: BTreeMap<Pseudonym, Vec<Pseudonym>> = BTreeMap::new();
    for kept in site.catalog.grown_out()?.into_iter().filter(|kept| is_there(&kept.subject)) {
        if let Some(learner) = before.get(&kept.subject) {
            learners.entry(*learner).or_default().push(kept.subject);
        }
    }
    let said: HashSet<(Pseudonym, Pseudonym)> = told.iter().map(|told| told.pair).collect();
    for mut subjects in learners.into_values() {
        subjects.sort_unstable();
        let pairs = subjects.windows(2).map(|two| (two[0], two[1]));
        told.extend(pairs.filter(|pair| !said.contains(pair)).map(|pair| Told { pair, same: true }));
    }
    Ok(())
}

/// How the subjects of each source were linked.
fn measures(sources: &HashMap<Pseudonym, &'static str>, links: &[Link]) -> Vec<LinkMeasure> {
    let mut sizes: HashMap<Pseudonym, i64> = HashMap::new();
    for link in links {
        *sizes.entry(link.learner).or_default() += 1;
    }
    let mut measures: BTreeMap<&str, LinkMeasure> = BTreeMap::new();
    for link in links {
        let Some(source) = sources.get(&link.subject) else { continue };
        let size = sizes.get(&link.learner).copied().unwrap_or(1);
        let measure = measures.entry(source).or_insert_with(|| LinkMeasure {
            source: (*source).to_owned(),
            subjects: 0,
            linked: 0,
            largest: 0,
        });
        measure.subjects += 1;
        measure.linked += i64::from(size > 1);
        measure.largest = measure.largest.max(size);
    }
    measures.into_values().collect()
}

/// Every change of learners there ever was, these the last, for whoever reads releases over time.
fn every_change(site: &Site, new: &[LearnerChange]) -> Result<Vec<Relinked>, SiteFault> {
    let relinked = |change: &LearnerChange, day: NaiveDate| Relinked {
        subject: change.subject,
        before: change.before,
        after: change.after,
        day: days(day),
    };
    let day_of = |stamp: &str| stamp.get(..10).and_then(|day| day.parse().ok()).unwrap_or_default();
    let held = site.catalog.learner_changes()?;
    let mut changes: Vec<Relinked> = held.iter().map(|(change, at)| relinked(change, day_of(at))).collect();
    let today = day_of(&site.stamp());
    changes.extend(new.iter().map(|change| relinked(change, today)));
    Ok(changes)
}
