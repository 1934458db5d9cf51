//! The cut itself, and the end of an extract.
use super::{
    super::{Site, SiteFault, outside, write_private},
    Measured, OpenStudy, StudyFault, about, access,
    approved::{may_be_cut, may_be_named_so, needed, requested},
    extract, is_invented, one_is_enough, outputs, refused, requests, sacro,
};
use crate::{
    catalog::{StudyExtract, StudyRequest, private_folder},
    disclosure::Policy,
    study::{self, About, Approval},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What was cut.
pub struct Cut {
    /// Where.
    pub folder: PathBuf,
    /// Its manifest.
    pub about: About,
    /// Tables that passed the gate.
    pub tables: Vec<outputs::Shown>,
}

/// Cuts the rows of an approved study into a new folder, with everything that goes with them.
///
/// # Errors
/// [`StudyFault::Refused`]: too few approvals, dates, or too many learners alone. It is noted.
pub fn cut_study(
    site: &mut Site,
    open: &OpenStudy,
    mut trial: Measured,
    who: &str,
    to: &Path,
) -> Result<Cut, StudyFault> {
    let about_it = about(open);
    let request = requested(site, open)?;
    if request.extract.is_some() {
        let words = "its rows have been cut already: `study close` ends that extract; a changed definition is \
             asked for anew";
        return Err(StudyFault::Usage(words.to_owned()));
    }
    let (have, need) = (request.approvals.len(), needed(site));
    if have < need {
        let words = format!(
            "{have} of {need} approvals: `throughline study approve DIR`, by somebody with the role `approver`"
        );
        return Err(refused(site, who, "study release", &about_it, words));
    }
    // Another request of this name may have been cut since this one was made.
    may_be_named_so(site, open).map_err(|words| refused(site, who, "study release", &about_it, words))?;
    may_be_cut(site, open, &trial).map_err(|words| refused(site, who, "study release", &about_it, words))?;
    place(site, to)?;
    // Whoever has to go meanwhile has to go from these rows: their release is withdrawn under the same lock, and before that every
    // extract that is noted is looked through.
    let lock = site.lock("study release")?;
    let releases = site.catalog.releases().map_err(SiteFault::from)?;
    if !releases.iter().any(|release| release.id == open.release) {
        let words = "that release was withdrawn meanwhile: `throughline release` makes another, and the study is asked for of that";
        return Err(StudyFault::Usage(words.to_owned()));
    }
    let policy = Policy::named(&site.settings.disclosure_policy, site.key.kind())
        .map_err(|refusal| StudyFault::Usage(refusal.to_string()))?;
    let tables = match outputs::outputs(site, open, &trial.data, (who, &policy)) {
        Err(StudyFault::Refused(words)) => return Err(refused(site, who, "study release", &about_it, words)),
        other => other?,
    };
    let key = site.key.study(&open.study.name);
    let canaries = study::plant(&mut trial.data, &key);
    let mut manifest = manifest(site, open, &trial, &request, (key.tag(), &policy), canaries);
    let stamp = site.stamp();
    let noted = StudyExtract {
        cut_by: who.to_owned(),
        cut_at: stamp.clone(),
        expires: open.study.ends.to_string(),
        folder: to.display().to_string(),
        learners: trial.risk.learners,
        files: json!(manifest.canaries).to_string(),
        closed_by: None,
        closed_at: None,
    };
    let entry = access(who, "study release", &about_it, trial.risk.learners, "done");
    site.catalog.cut_study(request.id, &noted, &entry, &stamp).map_err(SiteFault::from)?;
    drop(lock);
    extract::write(to, &open.plan, &trial.data, &mut manifest, &policy)?;
    write_tables(to, &tables, &manifest, &policy)?;
    Ok(Cut { folder: to.to_owned(), about: manifest, tables })
}

/// Outside everything that the program keeps or reads.
fn place(site: &Site, to: &Path) -> Result<(), StudyFault> {
    if to.exists() {
        return Err(StudyFault::Usage(format!("--to: {} is there already: name a new folder", to.display())));
    }
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    outside(&site.settings, folder).map_err(|why| StudyFault::Usage(format!("--to cannot be used: {why}")))
}

fn manifest(
    site: &Site,
    open: &OpenStudy,
    trial: &Measured,
    request: &StudyRequest,
    (tag, policy): (String, &Policy),
    canaries: Vec<String>,
) -> About {
    let approvals: Vec<Approval> =
        request.approvals.iter().map(|(who, at)| Approval { who: who.clone(), at: at.clone() }).collect();
    let in_words = if one_is_enough(site) && approvals.len() < 2 {
        "Approved by one person, who may be its author, as the policy of this site allows a small team."
            .to_owned()
    } else {
        format!("Approved by {} people, none of them its author.", approvals.len())
    };
    let status = if is_invented(site) {
        "synthetic data: every learner is made up"
    } else {
        "pseudonymised personal data"
    };
    About {
        study: open.study.name.clone(),
        question: open.study.question.clone(),
        tag,
        status,
        release: open.release.clone(),
        as_of: open.as_of.clone(),
        population: open.study.population(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        threshold: policy.threshold(),
        rounded_to: policy.round_to(),
        definition: open.study.digest(),
        binds: open.binds.clone(),
        approvals,
        approvals_in_words: in_words,
        cut_on: site.wall_day().to_string(),
        expires: open.study.ends.to_string(),
        citation: format!(
            "Throughline release {}, local authority {}, as of {}; extract of the study {}, definition {} \
                 [{status}].",
            open.release,
            site.settings.home_authority,
            open.as_of,
            open.study.name,
            open.study.digest()
        ),
        lawful: open.study.lawful.clone(),
        canaries,
        risk: Some(trial.risk.clone()),
        risk_told: study::risk_told(&trial.risk, policy),
        linkage: study::linkage_told(&trial.linkage, policy),
        files: BTreeMap::new(),
    }
}

/// Tables stand in a folder of their own: they may leave, the rows beside them may not.
fn write_tables(
    to: &Path,
    tables: &[outputs::Shown],
    manifest: &About,
    policy: &Policy,
) -> Result<(), StudyFault> {
    if tables.is_empty() {
        return Ok(());
    }
    let folder = to.join("released");
    private_folder(&folder)?;
    for table in tables {
        write_private(&folder.join(format!("{}.csv", table.name)), table.csv.as_bytes())?;
        let about = format!("{:#}\n", table.about(manifest));
        write_private(&folder.join(format!("{}.meta.json", table.name)), about.as_bytes())?;
    }
    private_folder(&folder.join("checksums"))?;
    let rests_on = format!(
        "Counted: {}. Data as at {}. Release {}. {}",
        manifest.population, manifest.as_of, manifest.release, manifest.policy_in_words
    );
    for (name, text) in sacro::files(tables, (&manifest.cut_on, &rests_on), policy) {
        write_private(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// The end of an extract.
pub struct Closed {
    /// What is certified.
    pub certificate: Value,
    /// Whether the folder had been found and deleted.
    pub deleted: bool,
}

/// Deletes every extract of a study that is out and certifies it: a study may have been cut of several releases.
///
/// # Errors
/// [`StudyFault::Usage`] where the study has none that is out, or a folder is not what was written: then none is deleted.
pub fn close_study(site: &mut Site, study: &str, who: &str) -> Result<Closed, StudyFault> {
    let out = requests(site)?.into_iter().filter_map(|request| {
        let extract = request.extract.clone().filter(|extract| extract.closed_at.is_none())?;
        (request.study == study).then_some((request, extract))
    });
    let out: Vec<(StudyRequest, StudyExtract)> = out.collect();
    for (_, extract) in &out {
        let folder = Path::new(&extract.folder);
        if folder.is_dir() {
            is_extract_of(folder, study)?;
        }
    }
    let mut certificates = Vec::new();
    for (request, extract) in &out {
        certificates.push(close(site, request, extract, who)?);
    }
    let deleted = certificates.iter().all(|certificate| certificate["folder_deleted"] == true);
    let one = certificates.pop().ok_or_else(|| {
        StudyFault::Usage("that study has no extract that is out: `throughline study list`".to_owned())
    })?;
    if certificates.is_empty() {
        return Ok(Closed { certificate: one, deleted });
    }
    certificates.push(one);
    let certificate = json!({ "study": study, "folder_deleted": deleted, "certificates": certificates });
    Ok(Closed { certificate, deleted })
}

/// Deletes one extract and notes its certificate.
fn close(
    site: &mut Site,
    request: &StudyRequest,
    extract: &StudyExtract,
    who: &str,
) -> Result<Value, StudyFault> {
    let (folder, study) = (Path::new(&extract.folder), &request.study);
    let deleted = folder.is_dir();
    if deleted {
        fs::remove_dir_all(folder)?;
    }
    let stamp = site.stamp();
    // A folder that was moved is not found either: nothing is certified of it.
    let certificate = json!({
        "study": study, "request": request.id, "release": request.release, "binds": request.digest,
        "cut_at": extract.cut_at, "closed_at": stamp, "closed_by": who, "learners": extract.learners,
        "folder_deleted": deleted,
        "certifies": if deleted { "the folder that the extract was written to is deleted" }
            else { "the folder that the extract was written to was not found at its path" },
        "does_not_certify": "copies that people made of it; what a file system or a backup keeps of deleted files",
    });
    let about = format!("study {study}, request {}", request.id);
    let entry = access(who, "study close", &about, extract.learners, "done");
    site.catalog
        .close_study(request.id, &certificate.to_string(), &entry, &stamp)
        .map_err(SiteFault::from)?;
    Ok(certificate)
}

/// Nothing is deleted but what this program wrote for this study.
fn is_extract_of(folder: &Path, study: &str) -> Result<(), StudyFault> {
    let manifest = fs::read_to_string(folder.join("manifest.json")).ok();
    let manifest = manifest.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    match manifest {
        Some(manifest) if manifest["study"] == study => Ok(()),
        _ => Err(StudyFault::Usage(format!(
            "{} does not hold the extract of {study} any more: look what is there and delete it yourself, then \
                 close again",
            folder.display()
        ))),
    }
}
