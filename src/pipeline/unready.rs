//! What a source's configuration lacks before anything of it can be read: said by `check`, and by a pull in its stead.
use crate::{
    config::Source,
    definitions::{Definitions, connector::Form},
};

/// So many names that are like the one that was written.
const NEAREST: usize = 3;

/// What is wrong with a source, and what to do. Nothing where it can be read.
pub fn unready(source: &Source, definitions: &Definitions) -> Vec<(String, String)> {
    let name = source.name;
    let Some(connector) = definitions.connectors.get(&source.connector) else {
        let known = definitions.connectors.keys().map(String::as_str);
        let hint = match nearest(&source.connector, known).as_slice() {
            [] => "name a file of connectors/".to_owned(),
            names => format!("did you mean {}?", names.join(" or ")),
        };
        return vec![(
            format!("the source `{name}` names no connector: there is no `{}`", source.connector),
            hint,
        )];
    };
    let mut found = Vec::new();
    if matches!(connector.form, Form::File(_)) {
        match &source.inbox {
            None => found
                .push((format!("the source `{name}` has no inbox"), "name a folder in `inbox`".to_owned())),
            Some(inbox) if !inbox.is_dir() => found.push((
                format!("the inbox of the source `{name}` is not there: {}", inbox.display()),
                "make the folder, or correct `inbox`".to_owned(),
            )),
            Some(_) => {}
        }
    }
    for (param, needed) in connector.params(&definitions.plans) {
        if needed && source.params.get(param).is_none_or(|text| text.trim().is_empty()) {
            found.push((
                format!("the source `{name}` lacks the parameter `{param}`, which its connector needs"),
                format!("write params.{param} = \"...\" under [sources.{name}]{}", meaning(param)),
            ));
        }
    }
    found
}

/// What a parameter that many connectors have stands for.
fn meaning(param: &str) -> &'static str {
    match param {
        "establishment_id" => ": the provider's URN (six digits) or a reference such as AP07",
        "urn" => ": the school's URN (six digits)",
        _ => "",
    }
}

/// The names that are likest to the one that was written.
fn nearest<'n>(written: &str, known: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let alike = |name: &'n str| (strsim::jaro_winkler(written, name), name);
    let mut ranked: Vec<(f64, &str)> = known.map(alike).filter(|(likeness, _)| *likeness >= 0.85).collect();
    ranked.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    ranked.into_iter().take(NEAREST).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_that_was_meant() {
        let known = ["ap-register", "ap-reviews", "nccis", "wonde"];
        assert_eq!(nearest("ap-registr", known.into_iter()).first(), Some(&"ap-register"));
        assert!(nearest("zzz", known.into_iter()).is_empty());
    }
}
