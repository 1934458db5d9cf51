use clap::Args;
use std::path::PathBuf;

/// A question to a release.
#[derive(Debug, Args)]
#[command(
    after_help = "One SELECT over tables with a row for each learner: groups, counts, shares, sums and means, through disclosure \
control. `\\d` lists the tables, `\\d TABLE` the columns of one. docs/query.md has forty questions and what may be asked; every \
question is in the audit. Over real learners figures are near the truth, and a hundred questions may be asked in a year."
)]
pub struct QueryArgs {
    /// The question; without one, a prompt. `select sen_y6, count(distinct learner_id) as learners from cohort_member group by sen_y6`.
    #[arg(value_name = "SELECT", conflicts_with = "file", allow_hyphen_values = true)]
    pub statement: Option<String>,
    /// Read it from a file.
    #[arg(long, value_name = "F.sql")]
    pub file: Option<PathBuf>,
    /// The release: its id, at least its first 8 digits, or `current`.
    #[arg(long, value_name = "RELEASE", default_value = "current")]
    pub release: String,
    /// What you ask for: research, participation or `ap_commissioning`.
    #[arg(long, value_name = "PURPOSE", default_value = "research")]
    pub purpose: String,
    /// How many of the year's questions the answer may cost: four times as many make it twice as exact.
    #[arg(long, value_name = "QUESTIONS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub spend: u64,
    /// The answer as CSV on standard output.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Write the answer to a new Parquet file, too.
    #[arg(long, value_name = "OUT.parquet")]
    pub parquet: Option<PathBuf>,
}
