//! The outside world of a demonstration: made by `synth`, written under `estate/`, served on loopback.
use super::{
    Exit, Halt, Verdict,
    screen::{Screen, thousands},
};
use crate::{
    config::Settings,
    synth::{Identifiers, World, WorldSpec, estate, server},
};
use std::path::Path;

/// The word that stands for the estate's own service in a demonstration's configuration.
pub(super) const SERVED: &str = "estate";

/// Writes an invented authority's files, and nothing else.
pub(super) fn write(dir: &Path, learners: u32, seed: u64, screen: &Screen) -> Verdict {
    let world = World::generate(&WorldSpec { seed, learners, identifiers: Identifiers::Realistic });
    estate::write(&world, dir)?;
    screen.say(&format!(
        "Wrote an invented authority of {} learners to {}.",
        thousands(u64::from(learners)),
        dir.display()
    ));
    Ok(Exit::Done)
}

/// In a demonstration, serves the estate's school systems for as long as the guard lives, and points the
/// sources that ask for them to where they are.
pub(super) fn play(settings: &mut Settings) -> Result<Option<server::Handle>, Halt> {
    let Some(demo) = &settings.demo else { return Ok(None) };
    let asked = |base: &Option<String>| base.as_deref() == Some(SERVED);
    if !settings.sources.iter().any(|source| asked(&source.base_url)) {
        return Ok(None);
    }
    let handle = server::Server::start(&demo.estate, server::Faults::default()).map_err(|error| {
        Halt::new(Exit::Failed, format!("the estate's service could not be started: {error}"))
    })?;
    for source in settings.sources.iter_mut().filter(|source| asked(&source.base_url)) {
        source.base_url = Some(format!("http://{}/", handle.addr));
    }
    Ok(Some(handle))
}
