//! What can be typed. Types only.
pub mod audit;
mod explain;
pub mod key;
mod lineage;
mod query;
mod resolve;
mod review;
mod rights;
#[cfg(feature = "warehouse")]
pub mod study;

pub use explain::ExplainArgs;
pub use lineage::{LineageArgs, TraceArgs};
pub use query::QueryArgs;
pub use resolve::ResolveArgs;
pub use review::ReviewArgs;
pub use rights::{ConfirmArgs, Rights};

use chrono::NaiveDate;
use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser},
};
use std::path::PathBuf;

mod link_report;
mod report;
pub use link_report::LinkReportArgs;
pub use report::Report;
#[cfg(feature = "warehouse")]
pub use report::WriteArgs;

/// Keeps a line on every child: from Year 6 to sixteen and on, through whatever setting.
#[derive(Debug, Parser)]
#[command(name = "throughline", version, about, long_about = None, max_term_width = 110)]
pub struct Cli {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "throughline.toml")]
    pub config: PathBuf,
    /// The same facts as one JSON document on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Results only: no talk, no progress.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// More of the log, on standard error; twice for all of it.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// See everything at work on an invented authority: no set-up, no network, no real child.
    Demo(DemoArgs),
    /// Make a folder with a commented configuration and a new key.
    Init {
        /// The folder to make.
        dir: PathBuf,
    },
    /// Check configuration, key, definitions, queries and every source; pull nothing.
    Check {
        /// Ask each service for one page of each of its feeds too, and say how it would be read; nothing is kept.
        #[arg(long)]
        connect: bool,
    },
    /// Pull what is new from the sources, pseudonymise it and store it.
    Pull {
        /// Sources by their names in the configuration; all when none is named.
        sources: Vec<String>,
        /// Read everything again, whatever was read before.
        #[arg(long)]
        full: bool,
        /// Ask services again for what changed since this day; nothing that is due is left out.
        #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "full")]
        since: Option<NaiveDate>,
        /// Read and weigh everything and keep nothing: what would come, and whether it would be held.
        #[arg(long)]
        dry_run: bool,
    },
    /// Pull by the schedules, then link, build and release what came, until told to stop.
    Run,
    /// Read years of past files from a folder, and see which years and cohorts they cover.
    Backload {
        /// The folder; each file goes to the source whose connector knows its name.
        dir: PathBuf,
        /// Only for this source; can be given again.
        #[arg(long = "source", value_name = "SOURCE")]
        sources: Vec<String>,
        /// Only sort the files: read none.
        #[arg(long)]
        dry_run: bool,
    },
    /// Work out which records belong to one learner.
    #[command(args_conflicts_with_subcommands = true)]
    Link(LinkArgs),
    /// Make the tables from what was pulled and linked.
    Build {
        /// Instead, write a file that opens the stored rows in a `DuckDB` shell.
        #[arg(long, value_name = "FILE")]
        shell: Option<PathBuf>,
        /// Make every table anew, those that nothing has changed too.
        #[arg(long, conflicts_with = "shell")]
        full: bool,
    },
    /// Build, and publish the tables as a snapshot that never changes.
    Release,
    /// Where a table or a column comes from: the tables behind it, down to sources, code lists and policy.
    Lineage(LineageArgs),
    /// Where one row of a release comes from: file, sheet and row.
    Trace(TraceArgs),
    /// Ask a release one question: groups of learners, counted, through disclosure control.
    Query(QueryArgs),
    /// The process that a question runs in.
    #[command(hide = true)]
    QueryEngine,
    /// Show a report of the newest release; every figure passes disclosure control.
    Report {
        /// Which.
        #[command(subcommand)]
        report: Report,
    },
    /// Rows for an approved research question: defined, tried on invented learners, approved by others, cut, and deleted.
    #[cfg(feature = "warehouse")]
    Study {
        /// What to do.
        #[command(subcommand)]
        what: study::Studies,
    },
    /// What each source gave when last read, and how the last runs ended.
    Status,
    /// What happened: the last runs; why one is held, and what a person decides about it.
    Runs {
        /// What to do; without it, the list.
        #[command(subcommand)]
        what: Option<Runs>,
    },
    /// What could not be read, and where: file, sheet, row and column, never the value.
    #[command(args_conflicts_with_subcommands = true)]
    Quarantine(QuarantineArgs),
    /// Answer a list of young people whom you already know: your own rows, with what is known of each.
    Resolve(ResolveArgs),
    /// Look at an unknown sheet and propose how to read it; write that down once you agree.
    Map(MapArgs),
    /// Remove the rows and releases that have had their time: by policy, or because an agreement has ended.
    Expire {
        /// Say what would go, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Merge small files of the lake: the same rows in fewer files.
    Compact {
        /// Say what would be merged, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Keep a release whatever its age, because it is cited.
    Pin {
        /// The release's id.
        release: String,
        /// Why it is kept: the paper or request that cites it, and nobody's name.
        #[arg(long, required_unless_present = "remove")]
        reason: Option<String>,
        /// Take the pin away.
        #[arg(long, conflicts_with = "reason")]
        remove: bool,
    },
    /// What people may ask about themselves: a copy, only to be counted, no place told, a correction, to be forgotten.
    Rights {
        /// What.
        #[command(subcommand)]
        what: Rights,
    },
    /// Who looked at identities or releases, when and why; whether anybody altered the record.
    #[command(args_conflicts_with_subcommands = true)]
    Audit(audit::AuditArgs),
    /// Make, check, split and replace the key that every pseudonym hangs on.
    Key {
        /// What to do.
        #[command(subcommand)]
        what: key::Keys,
    },
    /// Check every stored file against its checksum.
    Verify,
    /// Write what an information-governance lead asks, from the live configuration and what is measured: data flow, fields and
    /// purposes, lawful bases, keys, retention, access, audit proof, draft DPIA sections. Takes the role `auditor`.
    Evidence {
        /// A new folder: evidence.md, evidence.html and evidence.json.
        dir: PathBuf,
    },
    /// Write an invented authority's files, and nothing else.
    Synth {
        /// The folder to write.
        dir: PathBuf,
        /// How many invented learners were ever in the area.
        #[arg(long, default_value_t = 12_000)]
        learners: u32,
        /// The seed; the same seed gives the same bytes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// Linking.
#[derive(Debug, Args)]
pub struct LinkArgs {
    /// What else to do; without it, link everything that was pulled.
    #[command(subcommand)]
    pub what: Option<Linking>,
    /// Publish though linking went otherwise than the last time: you looked, and it is right.
    #[arg(long, requires = "reason")]
    pub accept: bool,
    /// Why, kept with your name: say what you checked and not whom it is about.
    #[arg(long, requires = "accept")]
    pub reason: Option<String>,
}

/// What can be done about linking beside linking what was pulled.
#[derive(Debug, Subcommand)]
pub enum Linking {
    /// Train a new model on everybody, and say what it would change; it is used once somebody adopts it.
    Train,
    /// The models there are, and which is in use.
    Models,
    /// Use a model from now on: you looked at what it changes.
    Adopt {
        /// Its name.
        version: String,
    },
    /// Look at pairs that linking is not sure of, side by side, and say whether they are one child.
    Review(ReviewArgs),
    /// Say why two records are one child or not, in words and weights.
    Explain(ExplainArgs),
    /// Link the rows of one Parquet file with the records of another, with a probability for each pair; asks for no
    /// configuration, keeps nothing.
    Pairs(PairsArgs),
    /// How well records were linked: who was, by which rule, how far it may be believed, and whom it misses; from the
    /// newest release, through disclosure control.
    Report(LinkReportArgs),
}

/// Two files and where to write.
#[derive(Debug, Args)]
pub struct PairsArgs {
    /// The records to find people among: `register_id`, `forename`, `surname`, and where there are any `dob`, `upn`,
    /// `former_upn`, `middle_names`, `preferred_forename`, `former_surname`, `sex`, `postcode`, `school_urn`.
    #[arg(long, value_name = "R.parquet")]
    pub register: PathBuf,
    /// The rows that look for their person: `ap_id`, and the same columns, but `last_school_urn`. Without it, the
    /// register's own records are linked with one another.
    #[arg(long, value_name = "A.parquet")]
    pub rows: Option<PathBuf>,
    /// Where to write `ap_id`, `register_id` and `score`: how likely the two are one person.
    #[arg(long, value_name = "P.parquet")]
    pub out: PathBuf,
    /// Threads; the answer does not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: Option<u8>,
}

/// What can be done with runs.
#[derive(Debug, Subcommand)]
pub enum Runs {
    /// One run: what it is, why it is held, its counts and files.
    Show {
        /// Its number; without it, the newest that is held, or else the newest.
        id: Option<i64>,
    },
    /// Publish a held run as it is: you looked, and it is right.
    Approve {
        /// Its number.
        id: i64,
        /// Why, kept with your name: say what you checked and not whom it is about, no child's name, number or date of
        /// birth.
        #[arg(long)]
        reason: String,
    },
    /// Drop a held run; the next pull asks for the same again.
    Discard {
        /// Its number.
        id: i64,
        /// Why, kept with your name: say what you checked and not whom it is about, no child's name, number or date of
        /// birth.
        #[arg(long)]
        reason: String,
    },
}

/// What was set aside.
#[derive(Debug, Args)]
pub struct QuarantineArgs {
    /// What else to do; without it, the list.
    #[command(subcommand)]
    pub what: Option<Quarantine>,
    /// One source only, by its name in the configuration.
    pub source: Option<String>,
    /// Every place, not only the sums.
    #[arg(long)]
    pub all: bool,
    /// What was set aside of files that were read again since, instead of what holds now.
    #[arg(long)]
    pub past: bool,
    /// Say which file each document is, by its name as the inbox now has it; on a terminal only, for a name may be a
    /// child's.
    #[arg(long)]
    pub files: bool,
}

/// What can be done with what was set aside.
#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// Give a supplier their own file back, with what could not be read marked and explained.
    Export {
        /// A file of a source's inbox.
        file: PathBuf,
        /// Where to write the marked workbook; it holds the supplier's cells, so outside the data folder and the inboxes.
        #[arg(long, value_name = "OUT.xlsx")]
        to: PathBuf,
        /// The source, where its inbox does not tell.
        #[arg(long)]
        source: Option<String>,
        /// Write over a file that is there already.
        #[arg(long)]
        force: bool,
    },
}

/// An unknown sheet.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct MapArgs {
    /// The file: .xlsx, .xls, .ods, .csv or .tsv.
    pub file: PathBuf,
    /// The new connector's name: small letters, digits and dashes.
    #[arg(long)]
    pub name: Option<String>,
    /// Write the draft without asking.
    #[arg(long)]
    pub yes: bool,
    /// Show headers that are not read, and the first rows as they would be read, even where no terminal is seen.
    #[arg(long)]
    pub show: bool,
    /// Draft a new connector even where one fits.
    #[arg(long)]
    pub new: bool,
    /// The sheet has no header row, and its columns never move.
    #[arg(long)]
    pub positions: bool,
    /// How dates are written that could be read either way.
    #[arg(long, value_name = "ORDER", value_parser = ["day-first", "month-first"])]
    pub dates: Option<String>,
    /// Name a column yourself: `--set starts_on="First session"`, `--set surname=#2`, `--set end_reason=-` for none.
    #[arg(long, value_name = "COLUMN=HEADER")]
    pub set: Vec<String>,
    /// Pattern of the file names to come: `{x}` captures, `*` matches anything.
    #[arg(long, value_name = "PATTERN")]
    pub files: Option<String>,
}

fn populations() -> PossibleValuesParser {
    PossibleValuesParser::new([
        PossibleValue::new("resident").help("those who lived here in January of Year 6"),
        PossibleValue::new("attending").help("those on a roll here in January of Year 6"),
        PossibleValue::new("ever_y6_here").help("those who were in Year 6 here on any day"),
        PossibleValue::new("open").help("every child of the cohort, late entrants too"),
    ])
}

/// The demonstration.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to leave it.
    #[arg(long, default_value = "throughline-demo")]
    pub dir: PathBuf,
    /// How many invented learners were ever in the area.
    #[arg(long, default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(200..=2_000_000))]
    pub learners: u32,
    /// The seed; the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Give every row the right pupil number, names and birth date, to see what linkage costs.
    #[arg(long)]
    pub perfect_identifiers: bool,
}
