//! The configuration: what the file says, checked into [`Settings`].
//!
//! Nothing else reads the environment or guesses a path. Unknown keys are refused with their line; secrets are
//! named by file, never written here. `THROUGHLINE__SECTION__KEY` in the environment overrides `section.key`.
mod cron;
mod daemon;
mod inbox;
mod raw;
mod resolve;
mod retention;
mod roles;
mod rolls;
mod schedule;

pub use daemon::{DaemonSettings, Step};
pub use resolve::{Settings, load};
pub use retention::{Ages, Keeping, Retention};
pub use roles::{Role, Roles};
pub use rolls::RollFolder;
pub use schedule::Schedule;

use crate::fault::Name;
use chrono::NaiveDate;
use std::{collections::BTreeMap, path::PathBuf};

/// One source: which connector, where, under which agreement and for which purposes.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in the configuration.
    pub name: Name,
    /// The connector's name.
    pub connector: String,
    /// Where a service is.
    pub base_url: Option<String>,
    /// The file that holds the token.
    pub token_file: Option<PathBuf>,
    /// Where tokens are got, where that is another address.
    pub token_url: Option<String>,
    /// Where files are put.
    pub inbox: Option<PathBuf>,
    /// What the connector reads with `{ param = ".." }`.
    pub params: BTreeMap<String, String>,
    /// The sharing agreement it stands on.
    pub agreement: Agreement,
    /// When the daemon pulls it; none where it is pulled by hand.
    pub schedule: Option<Schedule>,
    /// Tenants (schools) that withdrew, each with the first day on which it is not pulled.
    pub revoked_tenants: BTreeMap<String, NaiveDate>,
}

/// Why a source may be pulled, and until when.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// The agreement's title or reference.
    pub reference: String,
    /// Who the controller is.
    pub controller: String,
    /// Lawful bases (Articles 6, 9 and 10).
    pub bases: Vec<String>,
    /// The last day it holds.
    pub expires: Option<NaiveDate>,
    /// What its rows may be used for.
    pub purposes: Vec<String>,
    /// The first day on which it no longer holds, where it was revoked.
    pub revoked: Option<NaiveDate>,
}

impl Source {
    /// Why this source must not be pulled on a day, if so.
    pub fn refusal(&self, today: NaiveDate) -> Option<&'static str> {
        let agreement = &self.agreement;
        if agreement.purposes.is_empty() {
            Some("it declares no purpose")
        } else if agreement.revoked.is_some_and(|from| from <= today) {
            Some("its agreement was revoked")
        } else if agreement.reference.is_empty()
            || agreement.controller.is_empty()
            || agreement.bases.is_empty()
        {
            Some("its agreement, controller or lawful basis is missing")
        } else if agreement.expires.is_none_or(|last| last < today) {
            Some("its agreement has expired or has no end date")
        } else {
            None
        }
    }

    /// The first day on which nothing may be pulled any more, where that day has come: revoked or expired.
    pub fn ended(&self, today: NaiveDate) -> Option<NaiveDate> {
        let agreement = &self.agreement;
        let expired = agreement.expires.and_then(|last| last.succ_opt());
        [agreement.revoked, expired].into_iter().flatten().min().filter(|from| *from <= today)
    }

    /// Whether a tenant (a school) of this source may be asked on a day.
    pub fn asks(&self, tenant: &str, today: NaiveDate) -> bool {
        self.revoked_tenants.get(tenant).is_none_or(|from| today < *from)
    }
}

/// The demonstration that this folder is, if it is one.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Where whatever plays the outside world lives.
    pub estate: PathBuf,
    /// The seed it was made from.
    pub seed: u64,
    /// How many learners were asked for.
    pub learners: u32,
}
