//! The configuration: what the file says, checked into [`Settings`].
//!
//! Nothing else reads the environment or guesses a path. Unknown keys are refused with their line; secrets are
//! named by file, never written here. `THROUGHLINE__SECTION__KEY` in the environment overrides `section.key`.
mod raw;
mod resolve;

pub use resolve::Settings;
pub(crate) use resolve::load;

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
}

impl Source {
    /// Why this source must not be pulled on a day, if so.
    pub fn refusal(&self, today: NaiveDate) -> Option<&'static str> {
        let agreement = &self.agreement;
        if agreement.purposes.is_empty() {
            Some("it declares no purpose")
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
