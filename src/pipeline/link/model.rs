//! The model: trained on the register, looked at by a person, and then used until another is adopted.
use super::{
    super::{Site, SiteFault, Watch},
    register, told,
};
use crate::{
    catalog::{Access, Batch, FileKind, LinkModel, LinkNews, NewFile, Publication, StagedFile, Unfinished},
    config::Role,
    lake::Meta,
    link::{self, Calibration, Given, Known, People, Told, Trained, Weighed},
    privacy::{Identified, Key, Pseudonym},
};
use std::{
    collections::{HashMap, HashSet},
    fs,
    io::Write,
    path::PathBuf,
};

const MODEL: &str = "linkage model";
const PAIRS: &str = "compared pairs";

/// Who adopts the first model, which replaces none.
const NOBODY: &str = "throughline";

/// What another model would change.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ModelEffect {
    /// Learners under the model in use, and under the new one.
    pub learners: (u64, u64),
    /// Subjects that would belong with others than now.
    pub moved: u64,
    /// Pairs that a person should look at, under either.
    pub doubts: (u64, u64),
}

/// A model that was trained.
#[derive(Clone, Debug)]
pub struct TrainReport {
    /// Its name.
    pub version: String,
    /// Whether it is the one in use already: nothing has changed since that was trained.
    pub in_use: bool,
    /// People and sayings it was trained on.
    pub trained_on: (u64, u64),
    /// Decided pairs on which weights decide, of whom so many are one learner; and whether they correct what it states.
    pub decided: (u64, u64),
    /// Whether they were enough for that.
    pub is_corrected: bool,
    /// What it would change; none where no model is in use yet.
    pub effect: Option<ModelEffect>,
}

/// The model in use. Where there is none, or only one that no person has looked at and that the register has outgrown, one
/// is trained now and used at once: the second is what is new. None where there is too little to learn from.
type InUse = (Option<(String, Trained)>, Option<LinkModel>);

pub(super) fn in_use(site: &Site, linker: Weighed, people: &Identified<People>) -> Result<InUse, SiteFault> {
    let held = site.catalog.model_in_use()?;
    // What nobody has looked at is learnt again once there is a quarter more to learn from.
    let outgrown = |held: &LinkModel| {
        held.adopted_by.as_deref() == Some(NOBODY) && 4 * linker.sayings(people) as i64 > 5 * held.sayings
    };
    if let Some(held) = held.filter(|held| !outgrown(held)) {
        match open(&site.key, &site.settings.data_dir.join(&held.path)) {
            Ok(model) => return Ok((Some((held.version, model)), None)),
            // Of a form that this program does not know, and nobody had looked at it: it is learnt anew.
            Err(_) if held.adopted_by.as_deref() == Some(NOBODY) => {}
            Err(fault) => return Err(fault),
        }
    }
    let Some(model) = linker.train(people) else { return Ok((None, None)) };
    let mut new = described(site, &model);
    new.adopted_at = Some(site.stamp());
    new.adopted_by = Some(NOBODY.to_owned());
    Ok((Some((new.version.clone(), model)), Some(new)))
}

/// The model in use with its name, if there is one.
pub(super) fn adopted(site: &Site) -> Result<Option<(String, Trained)>, SiteFault> {
    let Some(held) = site.catalog.model_in_use()? else { return Ok(None) };
    let model = open(&site.key, &site.settings.data_dir.join(&held.path))?;
    Ok(Some((held.version, model)))
}

/// The model in use, which the links stand on; before anything is linked, what linking would begin with.
pub(super) fn at_hand(
    site: &Site,
    linker: Weighed,
    people: &Identified<People>,
) -> Result<Option<(String, Trained)>, SiteFault> {
    match adopted(site)? {
        Some(held) => Ok(Some(held)),
        None => Ok(in_use(site, linker, people)?.0),
    }
}

/// A model as the catalog has it; its file comes later.
fn described(site: &Site, model: &Trained) -> LinkModel {
    let digest = site.key.keyed().digest(MODEL, &[model.to_text().as_bytes()]);
    let fingerprint: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let (people, sayings) = model.trained_on();
    LinkModel {
        version: format!("weighed-2-{}", &fingerprint[..8]),
        path: String::new(),
        trained_at: site.stamp(),
        fingerprint,
        people: people as i64,
        sayings: sayings as i64,
        adopted_at: None,
        adopted_by: None,
    }
}

fn open(key: &Key, path: &std::path::Path) -> Result<Trained, SiteFault> {
    let sealed = fs::read(path).map_err(|_| SiteFault::Model)?;
    let text = key.unseal(MODEL, &sealed).ok_or(SiteFault::Model)?;
    Trained::from_text(&text).ok_or(SiteFault::Model)
}

/// Writes a model's sealed file, and notes where it lies.
pub(super) fn seal(
    site: &Site,
    new: &mut LinkModel,
    model: &Trained,
    meta: &Meta<'_>,
) -> Result<NewFile, SiteFault> {
    let sealed = site.key.seal(MODEL, &model.to_text()).ok_or(SiteFault::Model)?;
    let file = sealed_file((FileKind::Model, "model"), &new.version, &sealed, meta)?;
    new.path = file.path.to_string_lossy().into_owned();
    Ok(file)
}

fn sealed_file(
    (kind, ending): (FileKind, &str),
    version: &str,
    sealed: &[u8],
    meta: &Meta<'_>,
) -> Result<NewFile, SiteFault> {
    let path = PathBuf::from("identity").join(format!("{:06}-{:06}.{ending}", meta.run, meta.seq));
    let mut growing = Unfinished::create(meta.data_dir, &path)?;
    growing.write_all(sealed)?;
    let (bytes, sha256) = growing.place()?;
    Ok(NewFile { kind, entity: version.to_owned(), ay: None, path, rows: 0, bytes, sha256 })
}

/// A model's file for another key: the same model, sealed again.
pub(in crate::pipeline) fn reseal_model(
    (old, new): (&Key, &Key),
    held: &StagedFile,
    meta: &Meta<'_>,
) -> Result<NewFile, SiteFault> {
    let sealed = fs::read(meta.data_dir.join(&held.path))?;
    let text = old.unseal(MODEL, &sealed).ok_or(SiteFault::Model)?;
    let sealed = new.seal(MODEL, &text).ok_or(SiteFault::Model)?;
    sealed_file((FileKind::Model, "model"), &held.entity, &sealed, meta)
}

/// What was compared under a model before. What cannot be opened is compared again.
pub(super) fn known(site: &Site, version: &str) -> Result<Known, SiteFault> {
    let held = site.catalog.held_files(FileKind::Pairs)?;
    let file = held.into_iter().rev().find(|held| held.file.entity == version);
    let known = file.and_then(|held| {
        let sealed = fs::read(site.settings.data_dir.join(held.file.path)).ok()?;
        Known::from_bytes(&site.key.unseal_bytes(PAIRS, &sealed)?)
    });
    Ok(known.unwrap_or_default())
}

/// Writes what was compared.
pub(super) fn seal_known(
    site: &Site,
    version: &str,
    known: &Known,
    meta: &Meta<'_>,
) -> Result<NewFile, SiteFault> {
    let sealed = site.key.seal_bytes(PAIRS, &known.to_bytes()).ok_or(SiteFault::Model)?;
    sealed_file((FileKind::Pairs, "pairs"), version, &sealed, meta)
}

/// The files of what was compared, which the next replaces.
pub(super) fn past_known(site: &Site) -> Result<Vec<PathBuf>, SiteFault> {
    Ok(site.catalog.held_files(FileKind::Pairs)?.into_iter().map(|held| held.file.path).collect())
}

/// Trains a model on the register and keeps it beside the one in use, with what it would change. Nothing is linked by
/// it until somebody adopts it. `None` where there is too little to learn from.
pub fn train(site: &mut Site, watch: &mut dyn Watch) -> Result<Option<TrainReport>, SiteFault> {
    let _lock = site.lock("link")?;
    let people = register::read(site, watch)?.people;
    let linker = Weighed::default();
    let Some(model) = linker.train(&people) else { return Ok(None) };
    let told = told(&site.catalog)?;
    let decided = link::decided(&people, &model, &told, &rivals(linker, &people, &model, &told)?);
    let model = model.corrected(Calibration::learnt(&decided));
    let mut new = described(site, &model);
    let held = site.catalog.model_in_use()?;
    let mut report = TrainReport {
        version: new.version.clone(),
        in_use: held.as_ref().is_some_and(|held| held.version == new.version),
        trained_on: model.trained_on(),
        decided: (decided.len() as u64, decided.iter().filter(|pair| pair.same).count() as u64),
        is_corrected: model.calibration().is_some(),
        effect: None,
    };
    if report.in_use {
        return Ok(Some(report));
    }
    // One that cannot be opened any more has nothing to be compared with: this is how it is replaced.
    if let Some(held) = held
        && let Ok(now) = open(&site.key, &site.settings.data_dir.join(&held.path))
    {
        report.effect = Some(effect(site, linker, &people, (&now, &model))?);
    }
    let data_dir = site.settings.data_dir.clone();
    let run = site.catalog.begin("train", "", &site.stamp())?;
    let seq = site.catalog.reserve_seqs(1)?;
    let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: "" };
    let file = seal(site, &mut new, &model, &meta)?;
    site.catalog.stage(&run, &Batch { seq, files: vec![file], ..Batch::default() })?;
    let links = LinkNews { model: Some(new), ..LinkNews::default() };
    let stamp = site.stamp();
    site.catalog.publish(&run, &Publication { links, ..Publication::default() }, &stamp)?;
    Ok(Some(report))
}

/// Pairs that a model alone would leave undecided because somebody else is as likely. Where too few pairs were decided nothing
/// is corrected, and nobody is looked for.
fn rivals(
    linker: Weighed,
    people: &Identified<People>,
    model: &Trained,
    told: &[Told],
) -> Result<HashSet<(Pseudonym, Pseudonym)>, SiteFault> {
    if told.len() < link::LEAST_DECIDED {
        return Ok(HashSet::new());
    }
    let given = Given { model: Some(model), known: Known::default(), told: &[] };
    let weighing = linker.link(people, &given).ok_or(SiteFault::Model)?;
    let mut rivals = HashSet::new();
    for doubt in weighing.doubts.iter().filter(|doubt| doubt.why.as_str() == "rival") {
        rivals.insert(doubt.pair);
        // Whoever it has the rival in is one half of the same question.
        for one in [doubt.pair.0, doubt.pair.1] {
            rivals.extend(doubt.runner_up.map(|(other, _)| (one.min(other), one.max(other))));
        }
    }
    Ok(rivals)
}

fn effect(
    site: &Site,
    linker: Weighed,
    people: &Identified<People>,
    (now, new): (&Trained, &Trained),
) -> Result<ModelEffect, SiteFault> {
    let told = told(&site.catalog)?;
    let link = |model| {
        let given = Given { model: Some(model), known: Known::default(), told: &told };
        linker.link(people, &given).ok_or(SiteFault::Model)
    };
    let (before, after) = (link(now)?, link(new)?);
    let first = |clusters: &[link::Cluster]| -> HashMap<Pseudonym, (Pseudonym, usize)> {
        let of = |cluster: &link::Cluster| {
            let known_as = (cluster.members[0].subject, cluster.members.len());
            cluster.members.iter().map(|member| (member.subject, known_as)).collect::<Vec<_>>()
        };
        clusters.iter().flat_map(of).collect()
    };
    let (was, is) = (first(&before.clusters), first(&after.clusters));
    Ok(ModelEffect {
        learners: (before.clusters.len() as u64, after.clusters.len() as u64),
        moved: was.iter().filter(|(subject, known_as)| is.get(*subject) != Some(known_as)).count() as u64,
        doubts: (before.doubts.len() as u64, after.doubts.len() as u64),
    })
}

/// Uses a model from now on: a person looked at what it would change. False where there is none of that name.
pub fn adopt_model(site: &mut Site, version: &str, who: &str) -> Result<bool, SiteFault> {
    let _lock = site.lock("link")?;
    let allowed = site.settings.roles.may(who, Role::Linkage);
    let stamp = site.stamp();
    let access = Access {
        who,
        role: Role::Linkage.word(),
        verb: "link adopt",
        purpose: "",
        about: version,
        people: 0,
        outcome: if allowed { "done" } else { "refused" },
    };
    if !allowed {
        site.catalog.note_access(&access, &stamp)?;
        return Err(SiteFault::Refused(Role::Linkage));
    }
    Ok(site.catalog.adopt_model(version, &access, &stamp)?)
}

/// A model as it is listed.
#[derive(Clone, Debug)]
pub struct ListedModel {
    /// What the catalog has of it.
    pub model: LinkModel,
    /// Decided pairs that correct what it states, of whom so many are one learner; none where nothing is corrected, or
    /// the model cannot be opened any more.
    pub corrected_by: Option<(u64, u64)>,
}

/// Every model, and the name of the one in use.
pub fn models(site: &Site) -> Result<(Vec<ListedModel>, Option<String>), SiteFault> {
    let in_use = site.catalog.model_in_use()?.map(|model| model.version);
    let corrected_by = |model: &LinkModel| {
        let opened = open(&site.key, &site.settings.data_dir.join(&model.path)).ok()?;
        Some(opened.calibration()?.learnt_from())
    };
    let listed = |model: LinkModel| ListedModel { corrected_by: corrected_by(&model), model };
    Ok((site.catalog.models()?.into_iter().map(listed).collect(), in_use))
}
