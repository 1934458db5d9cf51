use clap::Args;

/// A table, or a column of one.
#[derive(Debug, Args)]
pub struct LineageArgs {
    /// The table, or the table and a column: `cohort_outcome`, `cohort_outcome.state`.
    #[arg(value_name = "TABLE[.COLUMN]")]
    pub what: String,
}

/// One row of a release.
#[derive(Debug, Args)]
#[command(
    after_help = "A row about somebody takes the role `linkage` in [roles] of the configuration, and a purpose that the \
table and every source behind it may serve; that you asked is in the audit before anything is shown."
)]
pub struct TraceArgs {
    /// The release's id, at least its first 8 digits, or `current`.
    #[arg(value_name = "RELEASE")]
    pub release: String,
    /// The table.
    #[arg(value_name = "TABLE")]
    pub table: String,
    /// What names the row: the values of the columns of the table's grain, in their order; `""` for an empty one.
    #[arg(value_name = "KEY")]
    pub key: Vec<String>,
    /// Only what bears on this column.
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// What you ask it for: research, participation or `ap_commissioning`.
    #[arg(long, value_name = "PURPOSE")]
    pub purpose: Option<String>,
    /// Name files even where no terminal is seen: a file's name may be a child's.
    #[arg(long)]
    pub show: bool,
}
