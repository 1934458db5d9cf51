//! `[resolve]`: how many people somebody may look up in a day, and folders whose lists are answered by themselves.
use super::daemon::Reader;
use crate::fault::Name;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Rows a day and person: more than the whole list of an authority's 16 and 17 year olds, asked twice.
const MOST_ROWS: u64 = 20_000;

/// A folder of lists, answered as they come. Purpose, view and person are fixed here and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollFolder {
    /// Its name in the configuration: in the audit.
    pub name: Name,
    /// Where lists are put.
    pub folder: PathBuf,
    /// Where the answers go.
    pub to: PathBuf,
    /// The purpose.
    pub purpose: String,
    /// The view.
    pub view: String,
    /// In whose name: a user of the operating system with the role `caseworker`.
    pub user: String,
    /// How dates are written that could be read either way; without it such a date is not read.
    pub day_first: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawResolve {
    most_rows_per_day: Option<u64>,
    #[serde(flatten)]
    folders: BTreeMap<String, RawRollFolder>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRollFolder {
    folder: PathBuf,
    to: PathBuf,
    purpose: String,
    view: String,
    user: String,
    dates: Option<String>,
}

impl Reader<'_> {
    /// The measure of a day, and the folders in name order.
    pub(super) fn rolls(&mut self, base: &Path, raw: RawResolve) -> (u64, Vec<RollFolder>) {
        let mut folders = Vec::new();
        for (name, raw) in raw.folders {
            let known = crate::definitions::is_purpose(&raw.purpose);
            let hint = "use participation or ap_commissioning";
            let wrong = (format!("`{}` is not a purpose", raw.purpose), hint);
            let day_first = match raw.dates.as_deref() {
                None => Ok(None),
                Some("day-first") => Ok(Some(true)),
                Some("month-first") => Ok(Some(false)),
                Some(other) => {
                    Err((format!("`{other}` is no order of dates"), "use \"day-first\" or \"month-first\""))
                }
            };
            let needle = raw.dates.clone().unwrap_or_default();
            let same = raw.folder == raw.to;
            let hint = "an answer beside the lists would be read as a list: name another folder in `to`";
            let beside = (format!("`{name}` answers into its own folder"), hint);
            self.take(&raw.purpose, if known { Ok(()) } else { Err(wrong) });
            self.take(&name, if same { Err(beside) } else { Ok(()) });
            folders.push(RollFolder {
                name: Name::declare(&name),
                folder: base.join(raw.folder),
                to: base.join(raw.to),
                purpose: raw.purpose,
                view: raw.view,
                user: raw.user,
                day_first: self.take(&needle, day_first).flatten(),
            });
        }
        (raw.most_rows_per_day.unwrap_or(MOST_ROWS), folders)
    }
}
