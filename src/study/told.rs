//! What may be written of how alike learners are, and of how many could be found again: such numbers count the few, so they pass the
//! gate before they stand in a codebook or a manifest, which travel further than rows do.
use super::{book::POPULATION, definition::Set, linkage::Linkage, risk::Risk};
use crate::disclosure::{self, Count, CountTable, Figure, Policy};
use serde_json::{Value, json};

/// What is said of a figure that the gate refuses to tell with the others.
const NOT_TOLD: &str = "x";

/// A whole, a part of it, and so on: each as the gate lets it out.
fn through(counts: &[(&str, u64)], policy: &Policy) -> Vec<Option<Figure>> {
    let key = |name: &str| vec![name.to_owned()];
    let mut counts = counts.iter().rev();
    let Some((name, count)) = counts.next() else { return Vec::new() };
    let innermost = Count::leaf(key(name), *count);
    let whole = counts.fold(innermost, |part, (name, count)| Count::whole(key(name), *count, part));
    let table = CountTable {
        title: "how alike learners are".to_owned(),
        population: POPULATION.to_owned(),
        dimensions: key("group"),
        wholes: vec![whole],
    };
    let Ok(disclosed) = disclosure::disclose(&table, policy) else { return Vec::new() };
    disclosed.as_ref().rows.iter().map(|row| row.figures.first().copied()).collect()
}

fn value(figure: Option<&Option<Figure>>) -> Value {
    match figure.copied().flatten() {
        Some(Figure::Count(count)) => Value::from(count),
        Some(other) => Value::from(other.to_string()),
        None => Value::from(NOT_TOLD),
    }
}

fn of_risk(risk: &Risk, policy: &Policy) -> Vec<Option<Figure>> {
    let counts = [("learners", risk.learners), ("few", risk.in_small_groups), ("alone", risk.unique)];
    through(&counts, policy)
}

/// How alike learners are, in words; none where nothing may be said.
pub(super) fn alike(risk: &Risk, policy: &Policy) -> Option<String> {
    let figures = of_risk(risk, policy);
    if figures.is_empty() {
        return None;
    }
    let told = |at: usize| {
        let figure = figures.get(at).copied().flatten();
        figure.map_or_else(|| NOT_TOLD.to_owned(), |figure| figure.to_string())
    };
    Some(format!(
        "Learners: {}. In groups of fewer than {} by what others may know of them: {}. Alone with it: {}. Allowed: {:.1}% alone{}.",
        told(0),
        risk.k,
        told(1),
        told(2),
        risk.most_unique * 100.0,
        if risk.set == Set::Open { ", nobody in a small group" } else { "" }
    ))
}

/// How alike learners are, as data.
pub fn risk_told(risk: &Risk, policy: &Policy) -> Value {
    let figures = of_risk(risk, policy);
    // The smallest group is a few learners of those in small groups, or of all: by itself.
    let smallest = through(&[("smallest", risk.smallest)], policy);
    json!({
        "learners": value(figures.first()), "identifying": risk.identifying, "unique": value(figures.get(2)),
        "in_small_groups": value(figures.get(1)), "smallest": value(smallest.first()), "set": risk.set, "k": risk.k,
        "most_unique": risk.most_unique,
    })
}

/// What somebody with another extract can do, as data.
pub fn linkage_told(linkage: &[Linkage], policy: &Policy) -> Value {
    let told = |found: &Linkage| {
        let figures = through(&[("learners", found.learners), ("matched", found.matched)], policy);
        json!({
            "with": found.with, "shared": found.shared, "learners": value(figures.first()),
            "matched": value(figures.get(1)),
        })
    };
    linkage.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    #[test]
    fn how_many_are_alone_passes_the_gate() {
        let risk = Risk {
            learners: 3456,
            identifying: Vec::new(),
            unique: 2,
            in_small_groups: 18,
            smallest: 1,
            set: Set::Linkable,
            k: 10,
            most_unique: 0.05,
        };
        let words = alike(&risk, &Policy::published()).unwrap();
        assert!(words.contains("Learners: 3455.") && words.contains("Alone with it: c."), "{words}");
        assert!(!words.contains("3456") && !words.contains(": 2.") && !words.contains("18"), "{words}");
        let words = alike(&risk, &Policy::synthetic(KeyKind::Demo).unwrap()).unwrap();
        assert!(
            words.contains("Learners: 3456.") && words.contains(": 18.") && words.contains(": 2."),
            "{words}"
        );
    }

    #[test]
    fn what_a_manifest_says_of_the_few_passes_the_gate() {
        let risk = Risk {
            learners: 3456,
            identifying: Vec::new(),
            unique: 2,
            in_small_groups: 18,
            smallest: 1,
            set: Set::Linkable,
            k: 10,
            most_unique: 0.05,
        };
        let told = risk_told(&risk, &Policy::published());
        assert_eq!(
            [&told["learners"], &told["unique"], &told["smallest"]],
            [&json!(3455), &json!("c"), &json!("c")]
        );
        assert_ne!(told["in_small_groups"], json!(18));
        let told = risk_told(&risk, &Policy::synthetic(KeyKind::Demo).unwrap());
        assert_eq!(
            [&told["unique"], &told["in_small_groups"], &told["smallest"]],
            [&json!(2), &json!(18), &json!(1)]
        );
        let found =
            |learners, matched| Linkage { with: "other".to_owned(), shared: Vec::new(), learners, matched };
        let told = linkage_told(&[found(1234, 7), found(1234, 61)], &Policy::published());
        assert_eq!([&told[0]["learners"], &told[0]["matched"]], [&json!(1235), &json!("c")]);
        assert_eq!([&told[1]["learners"], &told[1]["matched"]], [&json!(1235), &json!(60)]);
    }
}
