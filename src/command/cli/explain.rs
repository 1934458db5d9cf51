use clap::Args;

/// Two records, or one child.
#[derive(Debug, Args)]
#[command(
    after_help = "That you asked is in the audit before anything is shown. It needs the role `linkage` in [roles] of \
the configuration."
)]
pub struct ExplainArgs {
    /// A subject's or learner's id in hex, or at least its first 8 digits. Alone: all that joins its learner together.
    #[arg(value_name = "A")]
    pub one: String,
    /// Another one: why the two are one child, or not.
    #[arg(value_name = "B")]
    pub other: Option<String>,
    /// Show names and numbers even where no terminal is seen.
    #[arg(long)]
    pub show: bool,
}
