//! `link` and what belongs to its model: trained, looked at, adopted.
#[cfg(feature = "warehouse")]
use super::report;
use super::review;
use super::{
    Exit, Halt, Verdict,
    cli::{LinkArgs, Linking},
    explain, pairs, person,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    config::Settings,
    link::{LEAST_DECIDED, LEAST_OF_EACH},
    pipeline::{self, Drift, LinkReport, ListedModel, Site, TrainReport, review::in_words_of_rule},
};
use serde_json::json;

/// Links what was pulled, or does what else can be done about linking.
pub(super) fn link(
    settings: impl FnOnce() -> Result<Settings, Halt>,
    args: &LinkArgs,
    screen: &Screen,
) -> Verdict {
    match &args.what {
        None => everything(settings()?, args.reason.as_deref(), screen),
        Some(Linking::Pairs(args)) => pairs::pairs(args, screen),
        Some(Linking::Train) => train(settings()?, screen),
        Some(Linking::Models) => models(settings()?, screen),
        Some(Linking::Adopt { version }) => adopt(settings()?, version, screen),
        Some(Linking::Review(args)) => review::review(settings()?, args, &person::user(), screen),
        #[cfg(feature = "warehouse")]
        Some(Linking::Report(args)) => report::links(settings()?, args, screen),
        #[cfg(not(feature = "warehouse"))]
        Some(Linking::Report(_)) => {
            Err(Halt::new(Exit::Usage, "this program was built without its warehouse"))
        }
        Some(Linking::Explain(args)) => explain::explain(settings()?, args, &person::user(), screen),
    }
}

/// Links, and says how many records found their learner.
fn everything(settings: Settings, reason: Option<&str>, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "link")?;
    let report = {
        let mut bar = screen.bar();
        match reason {
            Some(reason) => pipeline::link_accepted(&mut site, &person::user(), reason, &mut bar)?,
            None => pipeline::link(&mut site, &mut bar)?,
        }
    };
    screen.document(&link_json(&report));
    if report.held.is_empty() {
        screen.result(&link_words(&report));
        return Ok(Exit::Done);
    }
    screen.result(&held_words(&report.held));
    Ok(Exit::Held)
}

fn held_words(held: &[Drift]) -> String {
    let rows = held
        .iter()
        .map(|drift| {
            let (what, unit) = match drift.what {
                "fewer_linked" => ("entries joined to another", " %"),
                _ => ("entries of the learner who has most", ""),
            };
            let figure = |n: i64| format!("{n}{unit}");
            vec![drift.source.clone(), what.to_owned(), figure(drift.before), figure(drift.now)]
        })
        .collect();
    let said = "Nothing is published: linking went otherwise than the last time. Look at what came (`throughline runs`, \
                `throughline quarantine`); if it is right, say so: `throughline link --accept --reason \"...\"`.";
    format!("{}\n{}", wrap(said, 0), table(&["source", "what", "before", "now"], rows, &[2, 3]))
}

fn train(settings: Settings, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "link train")?;
    let report = {
        let mut bar = screen.bar();
        pipeline::train(&mut site, &mut bar)?
    };
    let Some(report) = report else {
        let words = "too little was pulled to learn from (fewer than 400 entries): the rules link alone";
        return Err(Halt::new(Exit::Failed, words));
    };
    screen.document(&json!({
        "version": report.version, "in_use": report.in_use, "people": report.trained_on.0,
        "sayings": report.trained_on.1, "effect": report.effect, "decided_pairs": report.decided.0,
        "decided_same": report.decided.1, "corrected": report.is_corrected,
    }));
    screen.result(&train_words(&report));
    Ok(Exit::Done)
}

fn train_words(report: &TrainReport) -> String {
    let (people, sayings) = report.trained_on;
    let on = format!(
        "Model {} was trained on {} of {}.",
        report.version,
        counted(sayings, "saying", "sayings"),
        counted(people, "entry", "entries")
    );
    let on = format!("{on} {}", corrected(report));
    if report.in_use {
        return wrap(&format!("{on} It is the one in use: nothing has changed since."), 0);
    }
    let adopt = format!("`throughline link adopt {}`", report.version);
    let Some(effect) = &report.effect else {
        return wrap(&format!("{on} No model is in use yet; to use it: {adopt}."), 0);
    };
    let row =
        |what: &str, (before, after): (u64, u64)| vec![what.to_owned(), thousands(before), thousands(after)];
    let rows = vec![row("learners", effect.learners), row("pairs for a person to look at", effect.doubts)];
    let moved = counted(effect.moved, "entry would belong", "entries would belong");
    let said = format!("{on} {moved} with others than now. Look at the figures, and then: {adopt}.");
    format!("{}\n{}", wrap(&said, 0), table(&["what", "in use", "new"], rows, &[1, 2]))
}

/// Whether what persons decided corrects what the model states.
fn corrected(report: &TrainReport) -> String {
    let (decided, same) = report.decided;
    if report.is_corrected {
        let pairs = counted(decided, "decided pair", "decided pairs");
        format!("What it states is corrected by {pairs}, {} of them one learner.", thousands(same))
    } else {
        format!(
            "What it states is as learnt: {} of {LEAST_DECIDED} decided pairs on which weights decide, {} of {LEAST_OF_EACH} one learner and {} of {LEAST_OF_EACH} two.",
            thousands(decided),
            thousands(same),
            thousands(decided - same)
        )
    }
}

fn models(settings: Settings, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let (models, in_use) = pipeline::models(&site)?;
    let documents: Vec<_> = models
        .iter()
        .map(|ListedModel { model, corrected_by }| {
            json!({ "version": model.version, "trained_at": model.trained_at, "people": model.people,
                    "sayings": model.sayings, "adopted_at": model.adopted_at, "adopted_by": model.adopted_by,
                    "fingerprint": model.fingerprint, "in_use": in_use.as_ref() == Some(&model.version),
                    "corrected_by": corrected_by.map(|(decided, same)| json!({ "decided": decided, "same": same })) })
        })
        .collect();
    screen.document(&json!({ "models": documents }));
    if models.is_empty() {
        screen.result("No model was trained yet: the first `throughline link` does, where there is enough to learn from.");
        return Ok(Exit::Done);
    }
    let rows = models
        .iter()
        .map(|ListedModel { model, corrected_by }| {
            let state = if in_use.as_ref() == Some(&model.version) { "in use" } else { "" };
            let by = model.adopted_by.as_deref().unwrap_or("nobody");
            let looked = if by == "throughline" { "nobody: the first" } else { by };
            vec![
                model.version.clone(),
                model.trained_at.clone(),
                thousands(model.people as u64),
                thousands(model.sayings as u64),
                corrected_by.map_or_else(|| "–".to_owned(), |(decided, _)| thousands(decided)),
                looked.to_owned(),
                state.to_owned(),
            ]
        })
        .collect();
    screen.result(&table(
        &["model", "trained", "entries", "sayings", "corrected by pairs", "adopted by", ""],
        rows,
        &[2, 3, 4],
    ));
    Ok(Exit::Done)
}

fn adopt(settings: Settings, version: &str, screen: &Screen) -> Verdict {
    let mut site = Site::open_to_write(settings, "link adopt")?;
    if !pipeline::adopt_model(&mut site, version, &person::user())? {
        let words = format!("no model is called `{version}`: see `throughline link models`");
        return Err(Halt::new(Exit::Usage, words));
    }
    screen.document(&json!({ "version": version, "in_use": true }));
    screen.result(&format!("Model {version} is used from the next `throughline link` on."));
    Ok(Exit::Done)
}

/// What linking found, in words and a table.
pub(super) fn link_words(report: &LinkReport) -> String {
    let rows = report
        .by_method
        .iter()
        .map(|(method, n)| vec![thousands(*n), in_words_of_rule(method).to_owned(), (*method).to_owned()])
        .collect();
    let said = format!(
        "A child has an entry in each system that knows them. {} are {}.",
        counted(report.subjects, "such entry", "such entries"),
        counted(report.learners, "learner", "learners")
    );
    let mut words =
        format!("{}\n{}", wrap(&said, 0), table(&["entries", "found their learner by", "rule"], rows, &[0]));
    if report.changed > 0 {
        let changed = counted(report.changed, "entry belongs", "entries belong");
        words += &format!(
            "\n{}",
            wrap(&format!("{changed} to another learner than before; a release lists them."), 0)
        );
    }
    if report.doubts > 0 {
        let doubts = counted(report.doubts, "pair of entries is", "pairs of entries are");
        let review = "`throughline link review` lays them before a person, those of the same two learners once, those decided no more";
        words += &format!("\n{}", wrap(&format!("{doubts} in doubt: {review}."), 0));
    }
    words
}

/// The same as data.
pub(super) fn link_json(report: &LinkReport) -> serde_json::Value {
    let methods: serde_json::Map<String, serde_json::Value> =
        report.by_method.iter().map(|(method, n)| ((*method).to_owned(), json!(n))).collect();
    let counts = |(all, linked): (u64, u64)| json!({ "subjects": all, "linked": linked });
    let sources: Vec<serde_json::Value> = report
        .moved
        .iter()
        .map(|moved| {
            json!({ "source": moved.source.as_str(), "now": counts(moved.now), "before": counts(moved.before),
                    "new": counts(moved.new), "lost": moved.lost })
        })
        .collect();
    json!({
        "sources": sources, "subjects": report.subjects, "learners": report.learners, "model": report.model, "by_method": methods,
        "trained": report.trained, "changed": report.changed, "doubts": report.doubts, "held": report.held,
    })
}
