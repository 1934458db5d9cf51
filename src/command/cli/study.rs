//! `study`: what can be typed.
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A study, from its first line to the certificate that its rows are gone.
#[derive(Debug, Subcommand)]
pub enum Studies {
    /// Make a folder with a commented study.toml and a first table; needs no data.
    New {
        /// The folder to make; its name becomes the study's, in small letters, digits and dashes.
        dir: PathBuf,
    },
    /// Say what is wrong with a study, or what it would get; needs no data: without a release, against this program's own tables.
    Check(Beside),
    /// Make invented learners in the shape of a study, all of them in its cohort; needs no data, no key and no approval.
    Dummy {
        #[command(flatten)]
        beside: Beside,
        /// How many learners.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        learners: u32,
        /// The seed; the same seed gives the same learners.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The new folder; without it, `dummy` in the study's.
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
    },
    /// Cut a study's rows in memory and measure them: how many learners are alone with what others may know, what would do
    /// about it, and who could be found in another study's extract. Writes nothing.
    Run(Beside),
    /// Ask for the rows of a study: from then on two others may approve it.
    Request(Beside),
    /// Approve what a study asks for, as the folder has it now: the role `approver`, and not whoever wrote it.
    Approve(Beside),
    /// Cut the rows of an approved study into a new folder, with the tables that it publishes.
    Release {
        #[command(flatten)]
        beside: Beside,
        /// The new folder, outside everything that the program keeps.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Delete a study's extract and certify it.
    Close {
        /// The study: its folder, its extract's, or its name; without it, the folder where you are.
        #[arg(default_value = ".")]
        study: String,
        /// Write the certificate to this new file too.
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
    },
    /// Every request: who asked, who approved, which extracts are out and until when.
    List,
    /// Look for rows of an extract, learners who are not there and numbers of people in a folder of code, its history too; needs no
    /// data. Exit code 5 where something is found.
    Scan(ScanArgs),
}

/// A study's folder, and the release that it asks.
#[derive(Debug, Args)]
pub struct Beside {
    /// The study's folder.
    pub dir: PathBuf,
    /// The release: its id, at least its first 8 digits, or `current`.
    #[arg(long, value_name = "RELEASE", default_value = "current")]
    pub release: String,
}

/// What is looked at.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// A folder or a file.
    pub path: PathBuf,
    /// The manifest of an extract, whose learners who are not there are then known; can be given again.
    #[arg(long, value_name = "manifest.json")]
    pub manifest: Vec<PathBuf>,
    /// Only files as they are now, and no history.
    #[arg(long)]
    pub no_history: bool,
}
