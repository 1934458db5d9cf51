use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What a person asks about themselves, and who confirms it.
#[derive(Debug, Subcommand)]
pub enum Rights {
    /// Open a case: the person asks for a copy of everything that is held about them.
    ///
    /// Say who it is on standard input, as lines such as `forename: ...`, `surname: ...`, `birth_date: ...`, `upn: ...`,
    /// `uln: ...`, `nhs_number: ...`, `postcode: ...`, or as one JSON document of the same fields. You are told the case's number and
    /// nothing else; somebody with the role `approver` confirms it.
    Access,
    /// Open a case: the person is only counted from now on, and no row of them stays. Who it is: on standard input.
    Object,
    /// Open a case: no place is told of the person any more (refuge, adoption, a court's order). Who it is: on standard
    /// input. `--lift`: places may be told again, and come back with the next pull.
    Restrict {
        /// End the restriction instead.
        #[arg(long)]
        lift: bool,
    },
    /// Open a case: a cell that sources have wrong. Who it is on standard input, and lines such as
    /// `correct birth_date: ...`.
    Rectify,
    /// Open a case: the person is forgotten, and stays so whatever sources send. Who it is: on standard input.
    Erase,
    /// Every case and how it stands.
    Cases,
    /// Carry out what a case asks; another person than who opened it, with the role `approver`.
    Confirm(ConfirmArgs),
    /// End a case without doing what it asks.
    Withdraw {
        /// Its number.
        case: i64,
        /// Why: nobody's name, number or date of birth.
        #[arg(long)]
        reason: String,
    },
    /// Show the certificate of a case again.
    Certificate {
        /// Its number.
        case: i64,
        /// Write it to this file too.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Write over a file that is there already.
        #[arg(long)]
        force: bool,
    },
}

/// A case to confirm.
#[derive(Debug, Args)]
pub struct ConfirmArgs {
    /// Its number.
    pub case: i64,
    /// Why: nobody's name, number or date of birth.
    #[arg(long)]
    pub reason: String,
    /// For access: where to write the copy, outside the data folder; the same in plain words goes beside it, as FILE.txt.
    /// The copy holds names: send it safely, and delete it then.
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Write the certificate to this file too.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Write over files that are there already.
    #[arg(long)]
    pub force: bool,
}
