//! What can be typed. Types only.
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

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
    /// No talk and no progress, results only.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// More of the log on standard error; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the whole thing at work on an invented authority: no key, no network, no set-up.
    Demo(DemoArgs),
    /// Make a folder with a commented configuration and a new key.
    Init {
        /// The folder.
        dir: PathBuf,
    },
    /// Check the configuration, the key, the definitions, the disk and every source; pull nothing.
    Check,
    /// Pull what is new from the sources into the lake.
    Pull {
        /// Sources by name; none means all.
        sources: Vec<String>,
        /// Read everything again, whatever was read before.
        #[arg(long)]
        full: bool,
    },
    /// Say which records are one learner.
    Link,
    /// Make the tables from the lake.
    Build {
        /// Write a file instead that opens the lake in a `DuckDB` shell.
        #[arg(long, value_name = "FILE")]
        shell: Option<PathBuf>,
    },
    /// Build, and publish the tables as an immutable snapshot.
    Release,
    /// Show a report; every figure passes disclosure control.
    Report {
        /// Which.
        #[command(subcommand)]
        report: Report,
    },
    /// What the sources gave, and how the last runs ended.
    Status,
    /// What was set aside, and where: file, sheet, row and column, never the value.
    Quarantine {
        /// One source only.
        source: Option<String>,
        /// Every line, not only the sums.
        #[arg(long)]
        all: bool,
    },
    /// Check every file of the lake, the register and the releases against its checksum.
    Verify,
    /// Write an invented authority's files, and nothing else.
    Synth {
        /// Where to.
        dir: PathBuf,
        /// How many learners were ever in the area.
        #[arg(long, default_value_t = 12_000)]
        learners: u32,
        /// The seed; the same seed gives the same bytes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// Reports.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// Where the children of one Year 6 are at sixteen, and the gap with and without those who are not seen.
    Cohort {
        /// The year in which Year 6 ended; the newest that has reached sixteen if not given.
        #[arg(long)]
        year: Option<i32>,
        /// Which population.
        #[arg(long, default_value = "resident", value_parser = ["resident", "attending", "ever_y6_here", "open"])]
        population: String,
    },
}

/// The demonstration.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to leave it.
    #[arg(long, default_value = "throughline-demo")]
    pub dir: PathBuf,
    /// How many learners were ever in the area.
    #[arg(long, default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(200..=2_000_000))]
    pub learners: u32,
    /// The seed; the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Give every row the right pupil number, names and birth date, to see what linkage costs.
    #[arg(long)]
    pub perfect_identifiers: bool,
}
