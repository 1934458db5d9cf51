//! The folder of an extract.
use super::{
    super::{SiteFault, outside::write_private},
    StudyFault,
};
use crate::{
    catalog::private_folder,
    disclosure::Policy,
    study::{self, About, Data, Plan, Study},
    warehouse::{self, DatabaseTable, Limits},
};
use std::path::Path;

/// What stands beside the rows.
const README: &str = include_str!("readme.txt");

/// Keeps the folder out of whatever repository it lies in, but for what may leave.
const GITIGNORE: &[u8] =
    b"# Rows of learners belong into no repository; released/ may leave.\n*\n!/released/\n!/released/**\n";

/// Writes an extract into a new folder that only its owner may open. `about` gains the checksums of the files.
pub(super) fn write(
    folder: &Path,
    plan: &Plan,
    data: &Data,
    about: &mut About,
    policy: &Policy,
) -> Result<(), StudyFault> {
    if folder.exists() {
        return Err(StudyFault::Usage(format!("{} is there already: name a new folder", folder.display())));
    }
    for part in ["parquet", "csv", "labels"] {
        private_folder(&folder.join(part))?;
    }
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for frame in &data.frames {
        files.push((format!("parquet/{}.parquet", frame.plan.name), study::parquet(data, frame)?));
        files.push((format!("csv/{}.csv", frame.plan.name), study::csv(data, frame)?));
    }
    for (name, text) in study::labels(plan.frames.iter(), &about.canaries) {
        files.push((format!("labels/{name}"), text.into_bytes()));
    }
    for (name, text) in study::quick_starts(plan) {
        files.push((name, text.into_bytes()));
    }
    files.push((".gitignore".to_owned(), GITIGNORE.to_vec()));
    let (book, page) = study::codebook(plan, data, about, policy);
    files.push(("codebook.json".to_owned(), format!("{book:#}\n").into_bytes()));
    files.push(("codebook.html".to_owned(), page.into_bytes()));
    files.push(("canaries.txt".to_owned(), format!("{}\n", about.canaries.join("\n")).into_bytes()));
    files.push(("CITATION.txt".to_owned(), format!("{}\n", about.citation).into_bytes()));
    files.push(("README.txt".to_owned(), readme(about).into_bytes()));
    for (name, bytes) in files {
        write_private(&folder.join(&name), &bytes)?;
        about.files.insert(name, study::sha256(&bytes));
    }
    database(folder, data)?;
    let bytes = std::fs::read(folder.join("extract.duckdb"))?;
    about.files.insert("extract.duckdb".to_owned(), study::sha256(&bytes));
    let manifest = serde_json::to_string_pretty(about).unwrap_or_default();
    write_private(&folder.join("manifest.json"), format!("{manifest}\n").as_bytes())?;
    Ok(())
}

fn readme(about: &About) -> String {
    README
        .replace("{study}", &about.study)
        .replace("{status}", about.status)
        .replace("{expires}", &about.expires)
        .replace("{approvals}", &about.approvals_in_words)
        .replace("{n}", &about.canaries.len().to_string())
}

/// The same tables as one database.
fn database(folder: &Path, data: &Data) -> Result<(), StudyFault> {
    let tables: Vec<DatabaseTable> = data
        .frames
        .iter()
        .map(|frame| DatabaseTable {
            name: frame.plan.name.clone(),
            title: frame.plan.title.clone(),
            columns: frame
                .plan
                .variables
                .iter()
                .map(|variable| (variable.name.clone(), variable.description.clone()))
                .collect(),
            file: folder.join("parquet").join(format!("{}.parquet", frame.plan.name)),
        })
        .collect();
    let file = folder.join("extract.duckdb");
    warehouse::write_database(&file, &tables, &Limits::default())
        .map_err(|fault| SiteFault::Build(fault.to_string()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Writes invented learners in the shape of a study: no key, no release, nobody's row.
///
/// # Errors
/// When the folder is there already or cannot be written.
pub fn dummy_study(
    folder: &Path,
    study: &Study,
    plan: &Plan,
    learners: u32,
    seed: u64,
) -> Result<Data, StudyFault> {
    let data = study::dummy(plan, learners, seed);
    let policy = Policy::published();
    let mut about = quick_about(study, &policy);
    write(folder, plan, &data, &mut about, &policy)?;
    Ok(data)
}

/// What dummy data says of itself.
fn quick_about(study: &Study, policy: &Policy) -> About {
    About {
        study: study.name.clone(),
        question: study.question.clone(),
        tag: "00000000".to_owned(),
        status: "dummy data: every learner is invented",
        release: String::new(),
        as_of: String::new(),
        population: study.population(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        threshold: policy.threshold(),
        rounded_to: policy.round_to(),
        definition: study.digest(),
        binds: String::new(),
        approvals: Vec::new(),
        approvals_in_words: "Nobody needs to approve invented learners.".to_owned(),
        cut_on: String::new(),
        expires: "never".to_owned(),
        citation: format!("Dummy data of the study {}: invented, not to be cited as evidence.", study.name),
        lawful: study.lawful.clone(),
        canaries: Vec::new(),
        risk: None,
        risk_told: serde_json::Value::Null,
        linkage: serde_json::json!([]),
        files: std::collections::BTreeMap::new(),
    }
}
