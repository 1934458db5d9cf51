use super::{
    Agreement, DaemonSettings, Demo, Retention, Roles, RollFolder, Source,
    daemon::{RawDaemon, RawTimes, Reader},
    raw::{RawConfig, RawSource},
};
use crate::{definitions::Complaint, fault::Name};
use chrono::NaiveDate;
use reqwest::Url;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The environment's prefix for overrides.
const PREFIX: &str = "THROUGHLINE__";
/// Where a service manager puts the credentials of this process.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// What a path begins with that names such a credential.
const CREDENTIAL: &str = "credential:";

/// The checked configuration. Paths are absolute or relative to the working folder, ready to open.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file it came from.
    pub file: PathBuf,
    /// Where the lake, the register, the catalog and the releases live.
    pub data_dir: PathBuf,
    /// The key's file, outside `data_dir`; of a split key, that of its first half.
    pub key_file: PathBuf,
    /// The list of people who must not be held, beside the key unless said otherwise, outside `data_dir`.
    pub suppression_list: PathBuf,
    /// Every file that the key is read from: one, or two that hold a half each.
    pub key_files: Vec<PathBuf>,
    /// The authority that runs this instance, three digits.
    pub home_authority: String,
    /// The day a build looks back from, when the configuration fixes it.
    pub as_of: Option<NaiveDate>,
    /// A site's own definitions.
    pub definitions: Option<PathBuf>,
    /// The site's postcode directory.
    pub postcode_directory: Option<PathBuf>,
    /// Threads for a build.
    pub threads: usize,
    /// Memory for a build, as the engine reads it.
    pub memory_limit: String,
    /// The disclosure policy's name.
    pub disclosure_policy: String,
    /// Set when this folder is a demonstration.
    pub demo: Option<Demo>,
    /// What the daemon does.
    pub daemon: DaemonSettings,
    /// How long things are kept.
    pub retention: Retention,
    /// Who may do what with identities.
    pub roles: Roles,
    /// So many rows of lists somebody may have answered on one day.
    pub most_rows_per_day: u64,
    /// Folders whose lists are answered by themselves.
    pub rolls: Vec<RollFolder>,
    /// A file of an inbox that is younger than this is still being copied, unless its connector says otherwise.
    pub settle: Duration,
    /// Where traces and metrics are sent, by OTLP over HTTP; none for nowhere.
    pub otlp: Option<Url>,
    /// The sources, in name order.
    pub sources: Vec<Source>,
}

/// Reads and checks a configuration file, with overrides from the environment given as pairs.
pub fn load(path: &Path, environment: &[(String, String)]) -> Result<Settings, Vec<Complaint>> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|_| {
        vec![Complaint::file(
            &shown,
            "cannot be read",
            "make one with `throughline init DIR`, or see one at work: `throughline demo`",
        )]
    })?;
    let mut table: toml::Table =
        toml::from_str(&text).map_err(|error| vec![Complaint::toml(&shown, &text, &error)])?;
    // Read once as written, so that an unknown key is told with its line.
    toml::from_str::<RawConfig>(&text).map_err(|error| vec![Complaint::toml(&shown, &text, &error)])?;
    for (name, value) in environment {
        if let Some(keys) = name.strip_prefix(PREFIX) {
            overlay(&mut table, &keys.to_lowercase().split("__").collect::<Vec<_>>(), value);
        }
    }
    let raw: RawConfig = table.try_into().map_err(|error: toml::de::Error| {
        vec![Complaint::file(
            "environment",
            error.message().to_owned(),
            "see THROUGHLINE__* in the environment",
        )]
    })?;
    let credentials = environment.iter().find(|(name, _)| name == CREDENTIALS);
    check(path, &shown, &text, raw, credentials.map(|(_, folder)| Path::new(folder)))
}

/// Where a secret's file is: a path, or `credential:NAME` for one that the service manager hands over.
fn secret(base: &Path, credentials: Option<&Path>, path: &Path) -> Result<PathBuf, (String, &'static str)> {
    let Some(name) = path.to_str().and_then(|path| path.strip_prefix(CREDENTIAL)) else {
        return Ok(base.join(path));
    };
    if name.is_empty() || name.contains('/') {
        return Err((
            format!("`{CREDENTIAL}{name}` names no credential"),
            "write credential:NAME, without folders",
        ));
    }
    let hint = "start it as a service with LoadCredential=, or name a file";
    let folder = credentials.ok_or_else(|| (format!("no service manager hands over `{name}`"), hint))?;
    Ok(folder.join(name))
}

fn overlay(table: &mut toml::Table, keys: &[&str], value: &str) {
    match keys {
        [] => {}
        [last] => {
            let typed = toml::from_str::<toml::Table>(&format!("v = {value}"))
                .ok()
                .and_then(|mut parsed| parsed.remove("v"))
                .unwrap_or_else(|| toml::Value::String(value.to_owned()));
            table.insert((*last).to_owned(), typed);
        }
        [first, rest @ ..] => {
            let inner = table.entry((*first).to_owned()).or_insert_with(|| toml::Table::new().into());
            if let toml::Value::Table(inner) = inner {
                overlay(inner, rest, value);
            }
        }
    }
}

fn check(
    path: &Path,
    shown: &str,
    text: &str,
    raw: RawConfig,
    credentials: Option<&Path>,
) -> Result<Settings, Vec<Complaint>> {
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut complaints = Vec::new();
    let day = |key: &str, value: &Option<String>, complaints: &mut Vec<Complaint>| {
        value.as_ref().and_then(|day| {
            NaiveDate::parse_from_str(day, "%Y-%m-%d")
                .map_err(|_| {
                    let problem = format!("`{key}` is not a date");
                    complaints.push(Complaint::near(shown, text, key, problem, "write it as 2026-03-31"));
                })
                .ok()
        })
    };
    let as_of = day("as_of", &raw.as_of, &mut complaints);
    if raw.home_authority.len() != 3 || !raw.home_authority.bytes().all(|byte| byte.is_ascii_digit()) {
        let problem = "`home_authority` is not an authority code";
        complaints.push(Complaint::near(shown, text, "home_authority", problem, "use the three-digit code"));
    }
    let data_dir = base.join(&raw.data_dir);
    let at = At { base: &base, shown, text, credentials, daemon: &raw.daemon };
    let key_files = key_files(&at, (&raw.key_file, &raw.key_files), &data_dir, &mut complaints);
    let key_file = key_files.first().cloned().unwrap_or_default();
    let suppression_list =
        suppression_list(&at, raw.suppression_list.as_ref(), &key_file, &data_dir, &mut complaints);
    let daemon = Reader { shown, text, complaints: &mut complaints }.daemon(&raw.daemon);
    let mut reader = Reader { shown, text, complaints: &mut complaints };
    let retention = reader.retention(&base, &raw.retention);
    let roles = raw.roles.checked(raw.demo.is_some());
    let (most_rows_per_day, rolls) = reader.rolls(&base, raw.resolve);
    // A demonstration writes its files at the moment when it reads them.
    let settle = reader.settle(&raw.inbox, raw.demo.is_some());
    let otlp = reader.otlp(&raw.telemetry);
    let mut sources = Vec::new();
    for (name, source) in raw.sources {
        let days = Days {
            expires: day("expires", &source.expires, &mut complaints),
            revoked: day("revoked", &source.revoked, &mut complaints),
            tenants: source
                .revoked_tenants
                .iter()
                .filter_map(|(tenant, from)| {
                    Some((tenant.clone(), day(tenant, &Some(from.clone()), &mut complaints)?))
                })
                .collect(),
        };
        sources.push(resolve_source(&at, &name, source, days, &mut complaints));
    }
    let demo = raw.demo.map(|demo| Demo {
        estate: base.join(demo.estate),
        seed: demo.seed,
        learners: demo.learners,
    });
    if !complaints.is_empty() {
        return Err(complaints);
    }
    Ok(Settings {
        file: path.to_owned(),
        data_dir,
        key_file,
        key_files,
        suppression_list,
        home_authority: raw.home_authority,
        as_of,
        definitions: raw.definitions.map(|folder| base.join(folder)),
        postcode_directory: raw.postcode_directory.map(|file| base.join(file)),
        threads: raw.build.threads.max(1),
        memory_limit: raw.build.memory_limit,
        disclosure_policy: raw.disclosure.policy,
        demo,
        daemon,
        retention,
        roles,
        most_rows_per_day,
        rolls,
        settle,
        otlp,
        sources,
    })
}

/// Where a configuration is read, for complaints and relative paths.
struct At<'a> {
    base: &'a Path,
    shown: &'a str,
    text: &'a str,
    credentials: Option<&'a Path>,
    daemon: &'a RawDaemon,
}

/// Whether a file lies in a folder, links followed.
fn lies_within(file: &Path, folder: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let home = file.parent().map_or_else(|| file.to_owned(), real);
    file.starts_with(folder) || home.starts_with(real(folder))
}

/// Where the list of people who must not be held lies: beside the key, unless said otherwise.
fn suppression_list(
    at: &At<'_>,
    named: Option<&PathBuf>,
    key_file: &Path,
    data_dir: &Path,
    complaints: &mut Vec<Complaint>,
) -> PathBuf {
    let Some(file) = named.map(|file| at.base.join(file)) else {
        let mut name = key_file.file_name().unwrap_or_default().to_owned();
        name.push(".suppressed");
        return key_file.with_file_name(name);
    };
    if lies_within(&file, data_dir) {
        let (key, problem) = ("suppression_list", "the suppression list lies inside `data_dir`");
        let hint =
            "a backup of the data that is brought back must not bring an older list: keep it elsewhere";
        complaints.push(Complaint::near(at.shown, at.text, key, problem, hint));
    }
    file
}

/// Where the key is read from: one file, or two halves.
fn key_files(
    at: &At<'_>,
    (file, halves): (&Option<PathBuf>, &Option<Vec<PathBuf>>),
    data_dir: &Path,
    complaints: &mut Vec<Complaint>,
) -> Vec<PathBuf> {
    let mut complain = |word: &str, problem: String, hint: &str| {
        complaints.push(Complaint::near(at.shown, at.text, word, problem, hint));
    };
    let (word, named) = match (file, halves) {
        (Some(file), None) => ("key_file", vec![file]),
        (None, Some(halves)) if halves.len() == 2 => ("key_files", halves.iter().collect()),
        (None, Some(_)) => {
            complain(
                "key_files",
                "`key_files` does not name two files".into(),
                "name both halves of a split key",
            );
            return Vec::new();
        }
        (both, _) => {
            let problem =
                if both.is_some() { "both `key_file` and `key_files` are given" } else { "no key is named" };
            let hint = "name the key in `key_file`, or the two halves of a split key in `key_files`";
            complain("key_file", problem.into(), hint);
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for path in named {
        let file = secret(at.base, at.credentials, path).unwrap_or_else(|(problem, hint)| {
            complain(word, problem, hint);
            PathBuf::new()
        });
        if lies_within(&file, data_dir) {
            let hint = "a backup of the data must not carry the key: move the key elsewhere";
            complain(word, "the key lies inside `data_dir`".into(), hint);
        }
        files.push(file);
    }
    files
}

/// The days on which a source's agreements end.
struct Days {
    expires: Option<NaiveDate>,
    revoked: Option<NaiveDate>,
    tenants: BTreeMap<String, NaiveDate>,
}

fn resolve_source(
    at: &At<'_>,
    name: &str,
    raw: RawSource,
    days: Days,
    complaints: &mut Vec<Complaint>,
) -> Source {
    let At { base, shown, text, credentials, daemon } = *at;
    for purpose in raw.purposes.iter().filter(|purpose| !crate::definitions::is_purpose(purpose)) {
        let problem = format!("`{purpose}` is not a purpose");
        let hint = "use research, participation or ap_commissioning";
        complaints.push(Complaint::near(shown, text, purpose, problem, hint));
    }
    let token_file = raw.token_file.and_then(|file| {
        secret(base, credentials, &file)
            .map_err(|(problem, hint)| {
                complaints.push(Complaint::near(shown, text, "credential:", problem, hint));
            })
            .ok()
    });
    let times = RawTimes {
        schedule: raw.schedule,
        timezone: raw.timezone,
        jitter: raw.jitter,
        blackout: raw.blackout,
    };
    Source {
        name: Name::declare(name),
        connector: raw.connector,
        base_url: raw.base_url,
        token_file,
        token_url: raw.token_url,
        inbox: raw.inbox.map(|folder| base.join(folder)),
        params: raw.params,
        agreement: Agreement {
            reference: raw.agreement,
            controller: raw.controller,
            bases: raw.bases,
            expires: days.expires,
            purposes: raw.purposes,
            revoked: days.revoked,
        },
        schedule: Reader { shown, text, complaints }.schedule(&times, daemon),
        revoked_tenants: days.tenants,
    }
}
