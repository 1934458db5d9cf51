use super::{Exit, Halt, Verdict, estate, list, screen::Screen};
use crate::{
    config::Settings,
    daemon::{self, DaemonFault, Ended},
    definitions::Definitions,
    privacy::Key,
};
use std::path::Path;

impl From<DaemonFault> for Halt {
    fn from(fault: DaemonFault) -> Self {
        match fault {
            DaemonFault::Site(fault) => fault.into(),
            DaemonFault::Catalog(fault) => fault.into(),
            other => Self::new(Exit::Failed, other.to_string()),
        }
    }
}

/// Works by the schedules until a signal says to go.
pub(super) fn run(config: &Path, screen: &Screen) -> Verdict {
    let mut settings = super::settings(config)?;
    if settings.sources.iter().all(|source| source.schedule.is_none()) {
        let words = format!(
            "no source in {} has a schedule\n  hint: give [daemon] or a source one, as in schedule = \"15 5 * * mon-fri\"",
            config.display()
        );
        return Err(Halt::new(Exit::Usage, words));
    }
    let mut estate = estate::play(&mut settings)?;
    let mut reload = |running: &Settings| match again(config, running) {
        Ok(mut fresh) => {
            // A demonstration's school systems are served anew, at another address.
            estate = estate::play(&mut fresh).ok()?;
            Some(fresh)
        }
        Err(words) => {
            screen.fail(&words);
            None
        }
    };
    let ended = daemon::run(settings, &mut reload)?;
    drop(estate);
    match ended {
        Ended::InOrder => Ok(Exit::Done),
        Ended::AtOnce => {
            Err(Halt::new(Exit::Partly, "told twice to go: what was in hand is taken up at the next start"))
        }
    }
}

/// The configuration as it stands now, where a running daemon can go on with it.
fn again(config: &Path, running: &Settings) -> Result<Settings, String> {
    let fresh = super::settings(config).map_err(|halt| halt.words)?;
    Definitions::load(fresh.definitions.as_deref()).map_err(|complaints| list(&complaints))?;
    let key = Key::open(&fresh.key_files).map_err(|fault| fault.to_string())?;
    if !crate::pipeline::key_fits(&fresh, key.kind()) {
        return Err("the key and the sources do not belong together".into());
    }
    for (what, same) in [
        ("data_dir", fresh.data_dir == running.data_dir),
        ("key_file", fresh.key_files == running.key_files),
        ("[daemon] listen", fresh.daemon.listen == running.daemon.listen),
    ] {
        if !same {
            return Err(format!("`{what}` cannot change while the daemon runs: restart it"));
        }
    }
    Ok(fresh)
}
