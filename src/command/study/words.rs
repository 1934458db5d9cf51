//! A study in words and as data.
use crate::{
    catalog::StudyRequest,
    command::screen::{counted, table, wrap},
    pipeline::{Measured, OpenStudy},
    study::{Plan, Set, Study},
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What a study would get.
pub(super) fn plan(study: &Study, plan: &Plan, release: Option<&str>) -> String {
    let beside = release.map_or_else(
        || "this program's own tables, for there is no release here".to_owned(),
        |release| format!("release {release}"),
    );
    let mut out = format!("Study {}: nothing is wrong with it, beside {beside}.\n", study.name);
    let _ = writeln!(out, "{}", wrap(&format!("It asks: {}", study.question), 2));
    let _ = writeln!(
        out,
        "{}",
        wrap(&format!("In are learners of {} {}.", plan.cohort, study.conditions_in_words()), 2)
    );
    for frame in &plan.frames {
        let rows: Vec<Vec<String>> = frame
            .variables
            .iter()
            .map(|variable| {
                let told = variable
                    .coarsen
                    .as_ref()
                    .map_or_else(|| variable.told().to_owned(), |how| format!("as {how}"));
                vec![variable.name.clone(), variable.kind.to_string(), told, variable.description.clone()]
            })
            .collect();
        let _ = write!(
            out,
            "\n{}\n{}\n",
            frame.name,
            table(&["column", "type", "told", "what it holds"], rows, &[])
        );
    }
    let _ = write!(
        out,
        "\n{}",
        wrap(
            &format!(
                "Up to {:.1}% of the learners may be alone with what others may know of them ({}). `study run` counts them.",
                study.most_unique * 100.0,
                match study.set {
                    Set::Open => "of an open set, every column",
                    Set::Linkable => "columns told as `identifying` or `special`",
                }
            ),
            0
        )
    );
    out
}

/// The same as data.
pub(super) fn plan_json(study: &Study, plan: &Plan, release: Option<&str>) -> Value {
    let frames = plan.frames.iter().map(|frame| {
        let columns = frame.variables.iter().map(|variable| {
            json!({ "name": variable.name, "type": variable.kind.word(), "told": variable.told(),
                    "coarsen": variable.coarsen.as_ref().map(ToString::to_string), "words": variable.words })
        });
        json!({ "table": frame.name, "grain": frame.grain, "columns": columns.collect::<Vec<_>>() })
    });
    json!({ "study": study.name, "definition": study.digest(), "release": release, "cohort": plan.cohort,
            "tables": frames.collect::<Vec<_>>(), "outputs": study.outputs.iter().map(|(output, _)| &output.name).collect::<Vec<_>>() })
}

/// What would come of a study.
pub(super) fn trial(open: &OpenStudy, trial: &Measured) -> String {
    let rows =
        trial.data.frames.iter().map(|frame| vec![frame.plan.name.clone(), frame.rows.len().to_string()]);
    let mut out = format!("Study {}, release {}\n\n", open.study.name, open.release);
    out.push_str(&table(&["table", "rows"], rows.collect(), &[1]));
    let _ = write!(out, "\n\n{}", wrap(&trial.risk.in_words(), 0));
    let _ = write!(out, "\n{}", wrap(&format!("Others may know: {}.", trial.risk.identifying.join(", ")), 2));
    for found in &trial.linkage {
        let words = format!(
            "Beside the extract of {}: {} of {} could be found again by {}.",
            found.with,
            found.matched,
            counted(found.learners, "learner", "learners"),
            if found.shared.is_empty() {
                "nothing that both have".to_owned()
            } else {
                found.shared.join(", ")
            }
        );
        let _ = write!(out, "\n{}", wrap(&words, 2));
    }
    for study in &trial.not_compared {
        let words = format!(
            "The extract of {study} is out and could not be compared with: its release is gone, or no longer \
                 serves research."
        );
        let _ = write!(out, "\n{}", wrap(&words, 2));
    }
    if !trial.proposals.is_empty() {
        let rows = trial.proposals.iter().map(|step| {
            vec![
                step.table.clone(),
                step.write.clone(),
                step.unique.to_string(),
                step.in_small_groups.to_string(),
            ]
        });
        out.push_str("\n\nWhat would do, one after another:\n");
        out.push_str(&table(
            &["table", "write, or leave out", "alone then", "in small groups"],
            rows.collect(),
            &[2, 3],
        ));
    }
    out
}

/// The same as data.
pub(super) fn trial_json(open: &OpenStudy, trial: &Measured) -> Value {
    json!({
        "study": open.study.name, "definition": open.study.digest(), "release": open.release, "risk": trial.risk,
        "proposals": trial.proposals, "linkage": trial.linkage, "not_compared": trial.not_compared,
        "refused": trial.refusal(),
        "tables": trial.data.frames.iter().map(|frame| json!({ "table": frame.plan.name, "rows": frame.rows.len() })).collect::<Vec<_>>(),
    })
}

/// The certificate of a study's end, for whoever files it. Of several extracts each by itself.
pub(super) fn closed(certificate: &Value) -> String {
    if let Some(several) = certificate["certificates"].as_array() {
        return several.iter().map(closed).collect::<Vec<_>>().join("\n\n");
    }
    let word =
        |name: &str| certificate[name].as_str().map_or_else(|| certificate[name].to_string(), str::to_owned);
    let deleted = certificate["folder_deleted"] == true;
    let begins = if deleted { "is deleted" } else { "was NOT found" };
    let rows = [
        ("cut", word("cut_at")),
        ("closed", format!("{} by {}", word("closed_at"), word("closed_by"))),
        ("release", word("release")),
        ("what was approved", word("binds")),
        ("learners", word("learners")),
        ("certified", word("certifies")),
        ("not certified", word("does_not_certify")),
    ];
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let first = format!("The extract of study {}, request {}, {begins}.", word("study"), word("request"));
    format!("{first}\n\n{}", table(&["what", "is"], rows, &[]))
}

/// Of extracts that are out and hold somebody whose rows had to go since: which, and what to do.
pub(super) fn outlived(requests: &[StudyRequest]) -> Vec<String> {
    let held = requests.iter().filter(|request| request.is_out() && !request.outlived.is_empty());
    let told = held.map(|request| {
        let certain = request.outlived.iter().any(|one| one.is_certain);
        let since = request.outlived.first().map_or("", |one| one.since.as_str());
        let holds = if certain { "holds rows" } else { "could not be looked into and may hold rows" };
        format!(
            "\nThe extract of {} (request {}) {holds} of somebody who had to go since ({since}; `rights certificate` says why): call it \
             back, `throughline study close {0}`, and release the study anew of the next release.",
            request.study, request.id
        )
    });
    told.collect()
}
