use clap::Args;
use std::path::PathBuf;

/// Pairs of records to look at.
#[derive(Debug, Args)]
#[command(
    after_help = "The pairs that matter most come first: decisions that what is known now speaks against, children \
on two rolls at once, joins despite two valid numbers, then pairs that one obstacle keeps apart, then those that are \
likely one, and last those who may be twins. It needs the role `linkage` in [roles] of the configuration. How to decide: \
docs/linkage-review.md."
)]
pub struct ReviewArgs {
    /// So many pairs at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Instead of pairs in doubt, so many that were joined, drawn across the rules and the ranges of probability: what you
    /// find says how often joining is right.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample: Option<u32>,
    /// Write the pairs into a workbook, to be decided there; it holds names, so outside the data folder and the inboxes.
    #[arg(long, value_name = "FILE.xlsx", conflicts_with_all = ["import", "list", "withdraw"])]
    pub export: Option<PathBuf>,
    /// Write over a file that is there already.
    #[arg(long, requires = "export")]
    pub force: bool,
    /// Take the decisions of such a workbook; the same file again changes nothing.
    #[arg(long, value_name = "FILE.xlsx", conflicts_with_all = ["limit", "sample", "list", "withdraw"])]
    pub import: Option<PathBuf>,
    /// The decisions so far: who, when and why; and what was found in the pairs that were drawn.
    #[arg(long, conflicts_with_all = ["limit", "sample", "withdraw"])]
    pub list: bool,
    /// Take a decision back: the ids of the two, or at least the first 8 digits of each, as --list shows them.
    #[arg(long, num_args = 2, value_names = ["ONE", "OTHER"], requires = "reason", conflicts_with_all = ["limit", "sample"])]
    pub withdraw: Option<Vec<String>>,
    /// Why it is taken back, kept with your name: say what you found and not whom it is about, no child's name, number or
    /// date of birth.
    #[arg(long, requires = "withdraw")]
    pub reason: Option<String>,
}
