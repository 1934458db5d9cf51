//! Who somebody is, as a person at the keyboard says it: a JSON document or lines of `field: value`, spelt like the cells
//! of a source. What is wrong is told by line and field, never by value.
use super::{identifier, ready::Raw};
use crate::{
    fault::{Name, Problem},
    privacy::{Identified, Identity, IdentityPlan},
};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Date styles that a person may write a birth date in.
const STYLES: [&str; 4] = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y"];

/// Why an identity was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivenFault {
    /// No lines, no document.
    #[error(
        "standard input says nothing of who it is: write lines such as `forename: ...`, or one JSON document"
    )]
    Nothing,
    /// A document that is no flat object of texts.
    #[error("standard input is not one JSON document of fields and texts")]
    NoDocument,
    /// A line without a colon, or with a field that there is not.
    #[error("line {0} of standard input is not `field: value` with a field that identities have")]
    NoField(usize),
    /// A value that is none of its field's.
    #[error("{field}: {problem}")]
    Value {
        /// The field.
        field: Name,
        /// What is wrong with its value.
        problem: Problem,
    },
    /// Too little to tell one person from others.
    #[error(
        "this is too little to tell one person from others: give forename, surname and birth_date, or a upn, uln or nhs_number with a name or birth_date beside it"
    )]
    TooLittle,
}

/// Reads an identity.
pub fn identity_given(plan: &IdentityPlan, text: &str) -> Result<Identified<Identity>, GivenFault> {
    let mut identity = Identity(vec![None; plan.fields.len()]);
    let pairs = if text.trim_start().starts_with('{') { document(plan, text)? } else { lines(plan, text)? };
    for (at, value) in pairs {
        let (field, kind) = plan.fields[at];
        let raw = Raw::Text(Cow::Borrowed(value.trim()));
        let styles = STYLES.map(str::to_owned);
        let read = identifier::normalise(kind, &raw, &styles)
            .map_err(|problem| GivenFault::Value { field, problem })?;
        identity.0[at] = read;
    }
    if identity.is_empty() { Err(GivenFault::Nothing) } else { Ok(Identified::new(identity)) }
}

/// Whether an identity says enough to look for one person.
pub fn says_enough(plan: &IdentityPlan, identity: &Identified<Identity>) -> Result<(), GivenFault> {
    let identity = identity.veiled();
    let has = |name: &str| plan.position(name).is_some_and(|at| identity.get(at).is_some());
    let (named, born) = (has("forename") && has("surname"), has("birth_date"));
    let number = has("upn") || has("former_upn") || has("uln") || has("nhs_number");
    let enough = named && born || number && (born || has("forename") || has("surname"));
    if enough { Ok(()) } else { Err(GivenFault::TooLittle) }
}

type Pairs = Vec<(usize, Zeroizing<String>)>;

fn lines(plan: &IdentityPlan, text: &str) -> Result<Pairs, GivenFault> {
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(at, line)| {
            let (name, value) = line.split_once(':').ok_or(GivenFault::NoField(at + 1))?;
            let field = field(plan, name).ok_or(GivenFault::NoField(at + 1))?;
            Ok((field, Zeroizing::new(value.to_owned())))
        })
        .filter(|pair| !matches!(pair, Ok((_, value)) if value.trim().is_empty()))
        .collect()
}

fn document(plan: &IdentityPlan, text: &str) -> Result<Pairs, GivenFault> {
    let read: serde_json::Value = serde_json::from_str(text).map_err(|_| GivenFault::NoDocument)?;
    let serde_json::Value::Object(fields) = read else { return Err(GivenFault::NoDocument) };
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let serde_json::Value::String(value) = value else { return Err(GivenFault::NoDocument) };
        let value = Zeroizing::new(value);
        let field = field(plan, &name).ok_or(GivenFault::NoDocument)?;
        if !value.trim().is_empty() {
            pairs.push((field, value));
        }
    }
    Ok(pairs)
}

/// `Birth date`, `birth_date` and `BIRTH-DATE` are one field.
fn field(plan: &IdentityPlan, name: &str) -> Option<usize> {
    let name: String =
        name.trim().chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    plan.position(&name).filter(|_| name != "local_key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    #[test]
    fn lines_and_a_document_say_the_same() {
        let plan = Definitions::load(None).unwrap().identity;
        let lines = "Forename: Mary-Jane\nsurname: O'Neill\nBirth date: 31/03/2010\n\npostcode:\n";
        let document = r#"{"forename": "mary jane", "surname": "oneill", "birth_date": "2010-03-31"}"#;
        let [one, other] = [lines, document].map(|text| identity_given(&plan, text).unwrap());
        assert!(one.veiled() == other.veiled());
        assert_eq!(one.veiled().get(plan.position("birth_date").unwrap()), Some("2010-03-31"));
        assert_eq!(says_enough(&plan, &one), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_value() {
        let plan = Definitions::load(None).unwrap().identity;
        for (text, told) in [
            ("", "says nothing"),
            ("ZZCANARY", "line 1"),
            ("forename: Kai\nZZCANARY: 4", "line 2"),
            ("{\"ZZCANARY\": \"x\"}", "not one JSON document"),
            ("{\"forename\": ZZCANARY", "not one JSON document"),
            ("upn: ZZCANARY", "upn: fails its check"),
            ("birth_date: ZZCANARY", "birth_date: not a date"),
        ] {
            let fault = identity_given(&plan, text).err().unwrap().to_string();
            assert!(fault.contains(told) && !fault.contains("ZZCANARY"), "{fault}");
        }
        for little in ["forename: Kai\nsurname: Archer", "upn: H801200001001", "birth_date: 2010-03-10"] {
            let given = identity_given(&plan, little).unwrap();
            assert_eq!(says_enough(&plan, &given), Err(GivenFault::TooLittle), "{little}");
        }
    }
}
