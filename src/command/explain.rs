//! Why two records are one child, or not: in words and weights, to whoever may read the register.
use super::{
    Exit, Halt, Verdict,
    cli::ExplainArgs,
    review::{evidence, explained_json, side_by_side},
    screen::{Screen, counted, wrap},
};
use crate::{
    config::Settings,
    pipeline::{
        Site,
        review::{self, Explanation, Joined, id_text, in_words_of_rule},
    },
};
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Explains two ids, or all joins of one.
pub(super) fn explain(settings: Settings, args: &ExplainArgs, who: &str, screen: &Screen) -> Verdict {
    let mut site = Site::open(settings)?;
    let explained = {
        let mut bar = screen.bar();
        let ids = (args.one.as_str(), args.other.as_deref());
        review::explain(&mut site, ids, who, &mut bar).map_err(Halt::from)?
    };
    let pairs = &explained.pairs;
    screen.document(&json!({
        "pairs": pairs.iter().map(pair_json).collect::<Vec<_>>(), "left_out": explained.left_out
    }));
    if pairs.is_empty() {
        screen.result("Nothing is joined to it: a learner of its own, for the time being.");
    }
    let shown = args.show || std::io::stdout().is_terminal();
    let texts: Vec<String> = pairs.iter().map(|pair| page(pair, shown)).collect();
    if !texts.is_empty() {
        screen.result(&texts.join("\n\n"));
        if !shown {
            screen.say("Names and numbers are shown on a terminal, or with --show.");
        }
    }
    if explained.left_out > 0 {
        let more = counted(explained.left_out as u64, "more record", "more records");
        screen.say(&format!("{more} of this learner were left out: name two to compare them."));
    }
    Ok(Exit::Done)
}

fn pair_json(pair: &Explanation) -> Value {
    let learner = |at: usize| pair.learners[at].as_ref().map(id_text);
    json!({
        "one": { "subject": id_text(&pair.pair.0), "learner": learner(0) },
        "other": { "subject": id_text(&pair.pair.1), "learner": learner(1) },
        "joined": pair.joined.word(),
        "evidence": explained_json(&pair.explained),
        // Its reason is somebody's own words: the list of decisions gives it.
        "decision": pair.decision.as_ref().map(|word| {
            json!({ "verdict": word.verdict.word(), "who": word.who, "at": word.at, "in_force": word.in_force })
        }),
    })
}

fn page(pair: &Explanation, shown: bool) -> String {
    let mut parts = vec![
        format!("A {}\nB {}", id_text(&pair.pair.0), id_text(&pair.pair.1)),
        wrap(&in_words(pair.joined), 0),
    ];
    if let Some(word) = &pair.decision {
        let (day, reason) = (word.at.get(..10).unwrap_or(""), if shown { word.reason.as_str() } else { "" });
        let said = format!("Decided: {} by {} on {day}. {reason}", word.verdict.word(), word.who);
        parts.push(wrap(&said, 2));
    }
    if pair.explained.twins {
        parts.push(
            "They may be twins: the same day of birth as far as is known, and forenames that differ."
                .to_owned(),
        );
    }
    if shown {
        parts.push(format!(
            "\n{}",
            side_by_side([pair.sides[0].veiled(), pair.sides[1].veiled()], &pair.explained)
        ));
    }
    parts.push(format!("\n{}", evidence(&pair.explained)));
    parts.join("\n")
}

fn in_words(joined: Joined) -> String {
    let words = match joined {
        Joined::ByRule(rule) => return format!("One learner, joined by a rule: {}.", in_words_of_rule(rule)),
        Joined::ByDecision => "One learner, because a person said so.",
        Joined::ByWeights => "One learner, joined by weights.",
        Joined::ThroughOthers => {
            "One learner, through others: each of them agrees with a third record, not with one another."
        }
        Joined::ApartByDecision => "Two learners, because a person said so.",
        Joined::ApartByNumbers => "Two learners: both have a valid number of one kind, and they differ.",
        Joined::ApartAsTwins => "Two learners: they look like twins.",
        Joined::ApartByWeights => "Two learners: not alike enough to join.",
        Joined::ApartByRivals => {
            "Two learners: somebody else is as likely, or what each is joined to speaks against it."
        }
        Joined::NotLinked => "One of them has not been linked yet: throughline link.",
    };
    words.to_owned()
}
