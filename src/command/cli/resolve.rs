use chrono::NaiveDate;
use clap::Args;
use std::path::PathBuf;

/// A list, and what is asked of it.
#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// Your list: .xlsx, .xls, .ods, .csv or .tsv, with pupil numbers, or first names, surnames and dates of birth.
    pub roll: PathBuf,
    /// What you ask it for; who may ask for what is in the configuration.
    #[arg(long, value_name = "PURPOSE")]
    pub purpose: String,
    /// What to show: `caseload` (where each is), `no_offer` (Year 11 and 12 without a place for September), `lost_sight`
    /// (nobody says where), `changed_since`, `placements`, `risk`; or a view of your own definitions.
    #[arg(long, value_name = "VIEW")]
    pub view: String,
    /// Where to write the answer; it holds your list, so outside the data folder and the inboxes.
    #[arg(long, value_name = "OUT.xlsx")]
    pub to: PathBuf,
    /// With `changed_since`: from this day on; without it, the last 31 days.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<NaiveDate>,
    /// A folder for copies of suppliers' own files, each with the rows marked that your list lacks.
    #[arg(long, value_name = "DIR")]
    pub suppliers: Option<PathBuf>,
    /// How dates are written that could be read either way.
    #[arg(long, value_name = "ORDER", value_parser = ["day-first", "month-first"])]
    pub dates: Option<String>,
    /// Name a column of your list yourself: `--set surname="Family name"`, `--set birth_date=#4`, `--set upn=-` for none.
    #[arg(long, value_name = "COLUMN=HEADER")]
    pub set: Vec<String>,
    /// Write over files that are there already.
    #[arg(long)]
    pub force: bool,
}
