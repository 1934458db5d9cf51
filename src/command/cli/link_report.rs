//! `link report`: what can be typed.
use clap::Args;
use std::path::PathBuf;

/// How well records were linked.
#[derive(Debug, Args)]
pub struct LinkReportArgs {
    /// Write the page as one HTML file too: no scripts, nothing from elsewhere, fit for paper.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write over a page that is there already.
    #[arg(long)]
    pub force: bool,
    /// Link rates by establishment in place of those by source. Not both: one would give away what the other hides.
    #[arg(long)]
    pub providers: bool,
    /// The year in which Year 6 ended, for the cohort that is counted three ways. Without it, the newest at sixteen.
    #[arg(long)]
    pub year: Option<i32>,
}
