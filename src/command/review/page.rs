//! Two records side by side, as text. Agreement is said in words.
use super::super::screen::{table, wrap};
use crate::{
    link::Explained,
    pipeline::review::{
        Case, FIELDS, Side, Standing, agreement, field_in_words, in_words_of_rule, level_in_words, likely,
        why_of,
    },
};

/// One of the pairs on a screen.
pub(super) fn case_page(case: &Case, at: usize, of: usize) -> String {
    let mut parts = vec![
        format!("Pair {} of {of}: {}", at + 1, why_of(case)),
        format!("How likely they are one child: {}. {}", likely(case.probability), standing(case.standing)),
    ];
    if case.explained.twins {
        parts.push(
            "MAY BE TWINS: the same day of birth as far as is known, and forenames that differ.".to_owned(),
        );
    }
    parts.push(String::new());
    parts.push(side_by_side([case.sides[0].veiled(), case.sides[1].veiled()], &case.explained));
    parts.push(String::new());
    parts.push(evidence(&case.explained));
    if let Some(rival) = &case.runner_up {
        let line = format!(
            "Runner-up: one of them may be this one instead, {}: {}",
            likely(rival.probability),
            rival.side.veiled().in_a_line()
        );
        parts.push(format!("\n{}", wrap(&line, 2)));
    }
    parts.join("\n")
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Joined => "Now they are one learner.",
        Standing::Apart => "Now they are two learners.",
        Standing::NotLinked => "They have not been linked yet.",
    }
}

/// What the register holds of two, field by field.
pub(in crate::command) fn side_by_side([one, other]: [&Side; 2], explained: &Explained) -> String {
    let line = |title: &str, ours: &str, theirs: &str, words: &str| -> Option<Vec<String>> {
        let filled = !ours.is_empty() || !theirs.is_empty();
        filled.then(|| [title, ours, theirs, words].map(str::to_owned).into())
    };
    let head = [
        line("Source", one.source.as_str(), other.source.as_str(), ""),
        line("School", &one.school, &other.school, ""),
        line("Last said", &one.last_said, &other.last_said, ""),
    ];
    let fields = FIELDS.iter().enumerate().map(|(at, (_, title))| {
        line(title, &one.cell(at), &other.cell(at), &agreement(explained, one, other, at))
    });
    let rows: Vec<Vec<String>> = head.into_iter().chain(fields).flatten().collect();
    table(&["", "A", "B", "agree?"], rows, &[])
}

/// Levels and weights, no value.
pub(in crate::command) fn evidence(explained: &Explained) -> String {
    let mut rows: Vec<Vec<String>> = explained
        .lines
        .iter()
        .map(|line| {
            let words = level_in_words(line.field, line.level);
            vec![field_in_words(line.field).to_owned(), words.to_owned(), bits(line.bits)]
        })
        .collect();
    rows.push(vec!["before comparing".to_owned(), "any two records".to_owned(), bits(explained.prior)]);
    let in_words = |chance: f64| format!("a probability of {:.4}", (chance * 10_000.0).floor() / 10_000.0);
    let odds = in_words(explained.stated);
    rows.push(vec!["together".to_owned(), odds, bits(explained.sum)]);
    let mut text = table(&["evidence", "how far they agree", "bits"], rows, &[2]);
    if explained.stated.to_bits() != explained.probability.to_bits() {
        let corrected = in_words(explained.probability);
        text.push_str(&format!("\nCorrected by what persons decided of such pairs: {corrected}."));
    }
    if let Some(rule) = explained.rule {
        text.push_str(&format!("\nA rule fits: {}.", in_words_of_rule(rule)));
    }
    if explained.pupil_numbers_differ {
        text.push_str("\nBoth have a valid pupil number, and they differ.");
    }
    if explained.learner_numbers_differ {
        text.push_str("\nBoth have a valid learner number, and they differ.");
    }
    if explained.nhs_numbers_differ {
        text.push_str("\nBoth have a valid NHS number, and they differ.");
    }
    if explained.too_few {
        text.push_str("\nThe register is too small to learn weights from: rules alone join here.");
    }
    text
}

fn bits(bits: f64) -> String {
    format!("{bits:+.1}")
}
