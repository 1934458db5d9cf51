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
    /// The key's file, outside `data_dir`.
    pub key_file: PathBuf,
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
    let key_file = secret(&base, credentials, &raw.key_file).unwrap_or_else(|(problem, hint)| {
        complaints.push(Complaint::near(shown, text, "key_file", problem, hint));
        PathBuf::new()
    });
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let key_folder = key_file.parent().map_or_else(|| key_file.clone(), real);
    if key_file.starts_with(&data_dir) || key_folder.starts_with(real(&data_dir)) {
        let hint = "a backup of the data must not carry the key: move the key elsewhere";
        complaints.push(Complaint::near(shown, text, "key_file", "the key lies inside `data_dir`", hint));
    }
    let daemon = Reader { shown, text, complaints: &mut complaints }.daemon(&raw.daemon);
    let mut reader = Reader { shown, text, complaints: &mut complaints };
    let retention = reader.retention(&base, &raw.retention);
    let roles = raw.roles.checked(raw.demo.is_some());
    let (most_rows_per_day, rolls) = reader.rolls(&base, raw.resolve);
    // A demonstration writes its files at the moment when it reads them.
    let settle = reader.settle(&raw.inbox, raw.demo.is_some());
    let otlp = reader.otlp(&raw.telemetry);
    let mut sources = Vec::new();
    let at = At { base: &base, shown, text, credentials, daemon: &raw.daemon };
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
