//! The command line: what can be typed, what is said, and with which code it ends.
mod audit;
mod backload;
mod check;
mod cli;
#[cfg(feature = "warehouse")]
mod demo;
mod estate;
mod evidence;
mod expire;
mod explain;
mod init;
mod key;
#[cfg(feature = "warehouse")]
mod lineage;
mod linking;
mod map;
mod pairs;
mod passed;
mod person;
mod place;
mod pull;
mod quarantine;
#[cfg(feature = "warehouse")]
mod query;
#[cfg(feature = "warehouse")]
mod release;
#[cfg(feature = "warehouse")]
mod report;
#[cfg(feature = "warehouse")]
mod resolve;
mod review;
mod rights;
mod run;
mod runs;
mod schedule;
mod screen;
mod status;
#[cfg(feature = "warehouse")]
mod study;
#[cfg(feature = "warehouse")]
mod trace;
mod trial;
mod verify;

use crate::{
    catalog::CatalogFault,
    config::{self, Settings},
    definitions::Complaint,
    pipeline::{Effect, PullOptions, RightsFault, SiteFault},
    telemetry::{self, Verbosity},
};
use chrono::NaiveTime;
use clap::Parser;
use cli::{Cli, Verb};
use screen::Screen;
use std::{ffi::OsString, io::IsTerminal, path::Path, process::ExitCode};

/// How a verb ended. The numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Held by a guard.
    Held = 3,
    /// Partly done.
    Partly = 4,
    /// Refused by disclosure control or purpose.
    Refused = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What a verb may end with before it is done: a code, and what to say.
#[derive(Debug)]
pub struct Halt {
    /// The code.
    pub exit: Exit,
    /// What to say on standard error.
    pub words: String,
}

impl Halt {
    fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into() }
    }
}

impl From<SiteFault> for Halt {
    fn from(fault: SiteFault) -> Self {
        let exit = match fault {
            SiteFault::Refused(_) | SiteFault::Rights(RightsFault::NotYours(_) | RightsFault::Yours) => {
                Exit::Refused
            }
            SiteFault::Rights(RightsFault::Busy(_)) => Exit::Failed,
            SiteFault::Unsound(_) => Exit::Held,
            SiteFault::Complaints(_)
            | SiteFault::Key(_)
            | SiteFault::Catalog(CatalogFault::Key(_))
            | SiteFault::Areas(_)
            | SiteFault::Suppression(_)
            | SiteFault::Rights(_)
            | SiteFault::Reason(_) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::new(exit, fault.to_string())
    }
}

impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, format!("the disk refused: {error}"))
    }
}

impl Exit {
    /// Done becomes partly done; what is worse stays.
    fn or_partly(self) -> Self {
        if self == Self::Done { Self::Partly } else { self }
    }
}

type Verdict = Result<Exit, Halt>;

/// Keeps what is in memory there: no core dump, no reading by other processes, and a panic that tells its place and
/// not its message, which might quote a value. Where the system refuses, the program goes on: the disk is still safe.
pub fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        Screen { json: false, quiet: false }.fail(&format!(
            "throughline stopped on a mistake of its own{place}; nothing half-done was published. Please report that place."
        ));
    }));
}

/// Parses and runs one command.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Printing its own help and usage errors is the parser's part.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let screen = Screen { json: cli.json, quiet: cli.quiet };
    let verbosity = match (cli.quiet, cli.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, 0) => Verbosity::Warnings,
        (_, 1) => Verbosity::Info,
        _ => Verbosity::Trace,
    };
    // A daemon's log is read by a machine, unless somebody sits there.
    let (verbosity, as_json) = match &cli.verb {
        Verb::Run if !cli.quiet => {
            (verbosity.max(Verbosity::Info), cli.json || !std::io::stderr().is_terminal())
        }
        _ => (verbosity, cli.json),
    };
    telemetry::start(verbosity, as_json);
    let ended = verb(&cli, &screen);
    telemetry::flush();
    match ended {
        Ok(exit) => exit.into(),
        Err(halt) => {
            screen.fail(&halt.words);
            halt.exit.into()
        }
    }
}

fn verb(cli: &Cli, screen: &Screen) -> Verdict {
    match &cli.verb {
        Verb::Init { dir } => init::init(dir, screen),
        Verb::Synth { dir, learners, seed } => estate::write(dir, *learners, *seed, screen),
        Verb::Check { connect } => check::check(&cli.config, *connect, screen),
        Verb::Pull { sources, full, since, dry_run } => {
            let since = since.map(|day| day.and_time(NaiveTime::MIN).and_utc());
            let effect = if *dry_run { Effect::Weigh } else { Effect::Publish };
            let options = PullOptions {
                sources: sources.clone(),
                full: *full,
                since,
                effect,
                ..PullOptions::default()
            };
            pull::pull(settings(&cli.config)?, &options, screen)
        }
        Verb::Run => run::run(&cli.config, screen),
        Verb::Backload { dir, sources, dry_run } => {
            backload::backload(settings(&cli.config)?, dir, sources, *dry_run, screen)
        }
        Verb::Link(args) => linking::link(|| settings(&cli.config), args, screen),
        Verb::Runs { what } => runs::runs(settings(&cli.config)?, what.as_ref(), screen),
        Verb::Status => status::status(settings(&cli.config)?, screen),
        Verb::Quarantine(args) => quarantine::quarantine(settings(&cli.config)?, args, screen),
        Verb::Map(args) => map::map(&settings(&cli.config)?, args, screen),
        Verb::Expire { dry_run } => expire::expire(settings(&cli.config)?, *dry_run, screen),
        Verb::Compact { dry_run } => expire::compact(settings(&cli.config)?, *dry_run, screen),
        Verb::Pin { release, reason, remove: _ } => {
            expire::pin(settings(&cli.config)?, release, reason.as_deref(), screen)
        }
        Verb::Rights { what } => rights::rights(settings(&cli.config)?, what, screen),
        Verb::Audit(args) => audit::audit(&cli.config, args, screen),
        Verb::Key { what } => key::key(&cli.config, what, screen),
        Verb::Verify => verify::verify(settings(&cli.config)?, screen),
        Verb::Evidence { dir } => evidence::evidence(settings(&cli.config)?, dir, screen),
        #[cfg(feature = "warehouse")]
        Verb::Demo(args) => demo::demo(args, screen),
        #[cfg(feature = "warehouse")]
        Verb::Build { shell, full } => {
            release::build(settings(&cli.config)?, shell.as_deref(), *full, screen)
        }
        #[cfg(feature = "warehouse")]
        Verb::Resolve(args) => resolve::resolve(settings(&cli.config)?, args, &person::user(), screen),
        #[cfg(feature = "warehouse")]
        Verb::Lineage(args) => lineage::lineage(settings(&cli.config)?, &args.what, screen),
        #[cfg(feature = "warehouse")]
        Verb::Trace(args) => trace::trace(settings(&cli.config)?, args, &person::user(), screen),
        #[cfg(feature = "warehouse")]
        Verb::Query(args) => query::query(settings(&cli.config)?, args, &person::user(), screen),
        #[cfg(feature = "warehouse")]
        Verb::Study { what } => study::study(&cli.config, what, screen),
        #[cfg(feature = "warehouse")]
        Verb::QueryEngine => {
            crate::query::serve();
            Ok(Exit::Done)
        }
        #[cfg(feature = "warehouse")]
        Verb::Release => release::release(settings(&cli.config)?, screen),
        #[cfg(feature = "warehouse")]
        Verb::Report { report: cli::Report::Cohort { year, population, write } } => {
            report::cohort(settings(&cli.config)?, *year, population, write, screen)
        }
        #[cfg(feature = "warehouse")]
        Verb::Report { report: cli::Report::Neet(write) } => {
            report::neet(settings(&cli.config)?, write, screen)
        }
        #[cfg(feature = "warehouse")]
        Verb::Report { report: cli::Report::Ap { provider, write } } => {
            report::ap(settings(&cli.config)?, provider.as_deref(), write, screen)
        }
        #[cfg(feature = "warehouse")]
        Verb::Report { report: cli::Report::Scorecard(write) } => {
            report::scorecard(settings(&cli.config)?, write, screen)
        }
        #[cfg(feature = "warehouse")]
        Verb::Report { report: cli::Report::School(write) } => {
            report::school(settings(&cli.config)?, write, screen)
        }
        #[cfg(feature = "warehouse")]
        Verb::Report { report: cli::Report::Quality(write) } => {
            report::quality(settings(&cli.config)?, write, screen)
        }
        #[cfg(not(feature = "warehouse"))]
        _ => Err(Halt::new(Exit::Usage, "this program was built without its warehouse")),
    }
}

fn settings(file: &Path) -> Result<Settings, Halt> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("THROUGHLINE__") || name == "CREDENTIALS_DIRECTORY")
        .collect();
    let settings =
        config::load(file, &environment).map_err(|complaints| Halt::new(Exit::Usage, list(&complaints)))?;
    if let Some(collector) = &settings.otlp {
        telemetry::export_to(collector);
    }
    Ok(settings)
}

fn list(complaints: &[Complaint]) -> String {
    complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
