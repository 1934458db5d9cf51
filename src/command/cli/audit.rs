use chrono::NaiveDate;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Who looked at identities or releases, when and why.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// What else to do; without it, the list, newest last.
    #[command(subcommand)]
    pub what: Option<Audit>,
    /// Only from this day on.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<NaiveDate>,
    /// Only what this user did.
    #[arg(long, value_name = "USER")]
    pub who: Option<String>,
    /// Only this verb: `link explain`; or all that begin with it: `link`.
    #[arg(long, value_name = "VERB")]
    pub verb: Option<String>,
    /// So many of the newest.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub last: usize,
}

/// What can be done with the audit.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Follow the chain and name the first entry that was altered, dropped or moved.
    Verify {
        /// An exported file; then neither configuration nor key nor data is asked for. Without it, the catalog's own.
        file: Option<PathBuf>,
        /// A head that was kept elsewhere: tells whether the newest entries were cut off, or all was written anew.
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
    },
    /// Where the chain has come to, signed under the key: keep it elsewhere, best every day.
    Head {
        /// Write it to this new file.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Write the whole chain to a new file, one JSON document a line.
    Export {
        /// The file.
        file: PathBuf,
    },
}
