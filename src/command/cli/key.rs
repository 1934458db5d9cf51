use clap::Subcommand;
use std::path::PathBuf;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a new key of the system's randomness, in a new file that only you may read.
    New {
        /// The file; nothing is ever written over.
        file: PathBuf,
    },
    /// Say whether the configured key is sound, whose it is and in how many hands.
    Check,
    /// Split the configured key into two halves for two people: each alone is worth nothing, both are needed.
    Split {
        /// The file of the first half.
        file_a: PathBuf,
        /// The file of the second half.
        file_b: PathBuf,
    },
    /// Write the configured key, whose two halves are in two hands, into one new file.
    Join {
        /// The file.
        file: PathBuf,
    },
    /// Write the key of one study, under which its learners have pseudonyms that no other study has.
    Study {
        /// The study's name: the same name gives the same key again.
        name: String,
        /// Where to write it.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a new key in the place of the configured one: everybody gets new pseudonyms, in one step.
    Rotate {
        /// The new key, made with `key new`; given twice, its two halves, made with `key split`.
        #[arg(long, value_name = "FILE", required = true, num_args = 1)]
        new: Vec<PathBuf>,
        /// Why: kept, sealed, with your name; say no child's name, number or date of birth.
        #[arg(long)]
        reason: String,
    },
}
