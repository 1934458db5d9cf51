use super::{daemon::RawDaemon, retention::RawRetention, roles::RawRoles, rolls::RawResolve};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub data_dir: PathBuf,
    pub key_file: Option<PathBuf>,
    pub key_files: Option<Vec<PathBuf>>,
    pub home_authority: String,
    pub as_of: Option<String>,
    pub definitions: Option<PathBuf>,
    pub postcode_directory: Option<PathBuf>,
    pub suppression_list: Option<PathBuf>,
    #[serde(default)]
    pub build: RawBuild,
    #[serde(default)]
    pub disclosure: RawDisclosure,
    pub demo: Option<RawDemo>,
    #[serde(default)]
    pub daemon: RawDaemon,
    #[serde(default)]
    pub retention: RawRetention,
    #[serde(default)]
    pub roles: RawRoles,
    #[serde(default)]
    pub resolve: RawResolve,
    #[serde(default)]
    pub inbox: RawInbox,
    #[serde(default)]
    pub telemetry: RawTelemetry,
    #[serde(default)]
    pub sources: BTreeMap<String, RawSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawBuild {
    pub threads: usize,
    pub memory_limit: String,
}

impl Default for RawBuild {
    fn default() -> Self {
        Self { threads: 2, memory_limit: "1GB".into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDisclosure {
    pub policy: String,
}

impl Default for RawDisclosure {
    fn default() -> Self {
        Self { policy: "published".into() }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawInbox {
    pub settle: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTelemetry {
    pub otlp: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDemo {
    pub estate: PathBuf,
    pub seed: u64,
    pub learners: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub connector: String,
    pub base_url: Option<String>,
    pub token_file: Option<PathBuf>,
    pub token_url: Option<String>,
    pub inbox: Option<PathBuf>,
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    #[serde(default)]
    pub agreement: String,
    #[serde(default)]
    pub controller: String,
    #[serde(default)]
    pub bases: Vec<String>,
    pub expires: Option<String>,
    #[serde(default)]
    pub purposes: Vec<String>,
    pub schedule: Option<String>,
    pub timezone: Option<String>,
    pub jitter: Option<String>,
    pub blackout: Option<Vec<String>>,
    pub revoked: Option<String>,
    #[serde(default)]
    pub revoked_tenants: BTreeMap<String, String>,
}
