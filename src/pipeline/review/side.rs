//! One of two records that are laid side by side. Identified.
use crate::{
    fault::Name,
    link::{People, Person},
    privacy::IdentityPlan,
};
use zeroize::Zeroize;

/// What is shown of a person: the register's field, and what it is called.
pub const FIELDS: [(&str, &str); 14] = [
    ("forename", "Forename"),
    ("middle_names", "Middle names"),
    ("preferred_forename", "Goes by (forename)"),
    ("surname", "Surname"),
    ("preferred_surname", "Goes by (surname)"),
    ("former_surname", "Former surname"),
    ("birth_date", "Birth date"),
    ("sex", "Sex"),
    ("postcode", "Postcode"),
    ("upn", "Pupil number"),
    ("former_upn", "Former pupil number"),
    ("uln", "Learner number"),
    ("nhs_number", "NHS number"),
    ("local_key", "Source's own number"),
];

/// Of one field so many values are shown.
const MOST_VALUES: usize = 4;

/// What the register holds of one subject; wiped when dropped.
pub struct Side {
    /// The source that knows them so: the configuration's word.
    pub source: Name,
    /// The school or site at that source, as the source numbers it; empty where it has no such thing.
    pub school: String,
    /// The day on which a document last named them.
    pub last_said: String,
    /// For each of [`FIELDS`] the distinct values, the fullest saying's first.
    pub values: Vec<Vec<String>>,
}

impl Drop for Side {
    fn drop(&mut self) {
        self.values.iter_mut().flatten().for_each(Zeroize::zeroize);
    }
}

impl Side {
    /// All that was said of somebody.
    pub(super) fn of(people: &People, person: Option<&Person>, plan: &IdentityPlan) -> Self {
        let mut said: Vec<&[u32]> =
            person.iter().flat_map(|person| &person.said).map(AsRef::as_ref).collect();
        let filled = |said: &[u32]| said.iter().filter(|word| **word != 0).count();
        let texts = |said: &[u32]| said.iter().map(|word| people.text(*word)).collect::<Vec<_>>();
        said.sort_by(|a, b| filled(b).cmp(&filled(a)).then_with(|| texts(a).cmp(&texts(b))));
        let values = FIELDS.map(|(field, _)| {
            let at = plan.position(field);
            let mut values: Vec<String> = Vec::new();
            for said in &said {
                let text = at.and_then(|at| said.get(at)).map_or("", |word| people.text(*word));
                // The source's own number stands behind the source's name.
                let text = text.rsplit('\u{1f}').next().unwrap_or("");
                // What a terminal would obey is no part of a number.
                let text: String = text.chars().filter(|sign| !sign.is_control()).collect();
                if !text.is_empty() && !values.contains(&text) {
                    values.push(text);
                }
            }
            values
        });
        Self { source: Name::NONE, school: String::new(), last_said: String::new(), values: values.into() }
    }

    #[cfg(test)]
    pub(super) fn invented() -> Self {
        let values = FIELDS.map(|(field, _)| vec![format!("INVENTED {}", field.to_uppercase())]);
        let source = Name::declare("school");
        Self { source, school: String::new(), last_said: "2026-03-31".to_owned(), values: values.into() }
    }

    /// A field's values as one cell: the first, and what else was said.
    pub fn cell(&self, at: usize) -> String {
        let Some([first, others @ ..]) = self.values.get(at).map(Vec::as_slice) else { return String::new() };
        let mut cell = first.clone();
        for (number, other) in others.iter().take(MOST_VALUES - 1).enumerate() {
            cell.push_str(if number == 0 { " (also " } else { ", " });
            cell.push_str(other);
        }
        if others.len() >= MOST_VALUES {
            cell.push_str(", …");
        }
        if !others.is_empty() {
            cell.push(')');
        }
        cell
    }

    /// Whether two sides say the same in a field, once at least. None where one of them says nothing.
    pub fn agrees(&self, other: &Self, at: usize) -> Option<bool> {
        let (ours, theirs) = (self.values.get(at)?, other.values.get(at)?);
        (!ours.is_empty() && !theirs.is_empty()).then(|| ours.iter().any(|text| theirs.contains(text)))
    }

    /// Who this is in one line, for a runner-up.
    pub fn in_a_line(&self) -> String {
        let first = |name: &str| {
            let at = FIELDS.iter().position(|(field, _)| *field == name);
            at.and_then(|at| self.values.get(at)?.first()).map_or("–", String::as_str)
        };
        let names = ["forename", "surname"].map(first).join(" ");
        let rest = ["birth_date", "postcode", "upn"].map(first).join(", ");
        format!("{names}, {rest} ({})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(values: &[&str]) -> Side {
        let values = values.iter().map(|text| (*text).to_owned()).collect();
        Side { source: Name::NONE, school: String::new(), last_said: String::new(), values: vec![values] }
    }

    #[test]
    fn what_else_was_said_stands_behind_the_first() {
        assert_eq!(side(&[]).cell(0), "");
        assert_eq!(side(&["KAI"]).cell(0), "KAI");
        assert_eq!(side(&["KAI", "KAY"]).cell(0), "KAI (also KAY)");
        assert_eq!(side(&["A", "B", "C", "D", "E"]).cell(0), "A (also B, C, D, …)");
    }

    #[test]
    fn sides_agree_where_they_share_a_value() {
        assert_eq!(side(&["KAI", "KAY"]).agrees(&side(&["KAY"]), 0), Some(true));
        assert_eq!(side(&["KAI"]).agrees(&side(&["KAY"]), 0), Some(false));
        assert_eq!(side(&["KAI"]).agrees(&side(&[]), 0), None);
    }
}
