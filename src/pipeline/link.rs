use super::{Site, SiteFault, Watch};
use crate::{
    catalog::{Batch, Publication},
    lake::{self, Meta},
    link::{self, Drift, Linker, People, Weighed},
    privacy::{Identified, Link, LinkEvidence, LinkSample},
};
use std::collections::{HashMap, HashSet};

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
    pub model: &'static str,
    /// How the match rates of sources moved since subjects were last linked.
    pub drift: Vec<Drift>,
}

/// Links every subject of the register anew and publishes the answer.
pub fn link(site: &mut Site, watch: &mut dyn Watch) -> Result<LinkReport, SiteFault> {
    let _lock = site.lock("link")?;
    let data_dir = site.settings.data_dir.clone();
    let keyed = site.key.keyed();
    let segments = site.catalog.register_files(None)?;
    let mut people = People::new(&site.definitions.identity);
    for (at, (_, path)) in segments.iter().enumerate() {
        watch.part("identity register", at + 1, segments.len());
        let plan = &site.definitions.identity;
        link::read_segment(&data_dir, path, &site.key, plan, |source, tenant, person, fields, seq| {
            people.add(keyed.subject(source, tenant, person), (source, tenant), fields, seq);
        })?;
    }
    let linker = Weighed::default();
    let people = Identified::new(people);
    let clusters = linker.clusters(&people);
    let before = site.catalog.anchors()?;
    // Nobody reckons runners-up yet: how many links are missing is not known, and is not said to be none.
    let evidence = link::evidence(&people, &HashMap::new());
    let (links, anchors) = link::anchored(&clusters, &keyed, &before);
    let drift = link::drift(&people, &links, &before);
    let learners = links.iter().map(|link| link.learner).collect::<HashSet<_>>().len() as u64;
    let report = LinkReport {
        subjects: links.len() as u64,
        learners,
        by_method: link::by_method(&links),
        model: linker.model(),
        drift,
    };
    let run = site.catalog.begin("link", "", &site.stamp())?;
    let seq = site.catalog.reserve_seqs(1)?;
    let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: "" };
    let files = vec![
        lake::write_links(Link::sealed(links), linker.model(), &meta)?,
        lake::write_evidence(LinkEvidence::sealed(evidence), &meta)?,
        lake::write_samples(LinkSample::sealed(site.catalog.link_samples()?), &meta)?,
    ];
    site.catalog.stage(&run, &Batch { seq, files, ..Batch::default() })?;
    let publication = Publication { anchors, replaces_links: true, ..Publication::default() };
    let stamp = site.stamp();
    site.catalog.publish(&run, &publication, &stamp)?;
    Ok(report)
}
