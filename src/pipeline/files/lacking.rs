//! A sheet whose header nobody finds: which columns the likeliest line lacks.
use crate::{
    conform::propose::nearest_header,
    definitions::connector::{CellOrigin, CellSpec, Feed, FileForm, fold},
    fault::{Consequence, Fault, Name, Place, Problem},
    privacy::{EntityPlan, IdentityPlan},
    source::look,
};
use std::{fs, path::Path};

/// A file of more bytes is not looked at again.
const LARGEST: u64 = 64 << 20;

/// Why no header was found, column by column: those that the likeliest line lacks. Where no line has anything of a header,
/// that alone is said.
pub(super) fn faults(
    path: &Path,
    (feed, form): (&Feed, &FileForm),
    (plans, identity): (&[EntityPlan], &IdentityPlan),
    place: Place,
) -> Vec<Fault> {
    let plain = || vec![Fault::document(place, Problem::NoHeader)];
    let small = fs::metadata(path).is_ok_and(|meta| meta.len() <= LARGEST);
    let looked = fs::read(path).ok().filter(|_| small).and_then(|bytes| look::look(bytes).ok());
    let Some(near) = looked.and_then(|looked| nearest_header(&looked, &form.header)) else { return plain() };
    let mut columns: Vec<Name> = Vec::new();
    for texts in &near.missing {
        let Some(column) = column_of(texts, feed, plans, identity) else { return plain() };
        columns.push(column);
    }
    let place = Place { part: near.part, ..place }.row(near.row);
    let fault = |(at, column): (usize, Name)| Fault {
        place: place.at(column),
        problem: Problem::MissingColumn,
        // The document is lost once, whatever it lacks.
        consequence: if at == 0 { Consequence::DocumentSetAside } else { Consequence::Told },
    };
    columns.into_iter().enumerate().map(fault).collect()
}

/// The column or field that is read from under one of these headers.
fn column_of(texts: &[String], feed: &Feed, plans: &[EntityPlan], identity: &IdentityPlan) -> Option<Name> {
    let wanted: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    let reads = |spec: &CellSpec| match &spec.origin {
        CellOrigin::From(names) | CellOrigin::Join(names, _) => {
            names.iter().any(|name| wanted.contains(&fold(name)))
        }
        _ => false,
    };
    let of_identity =
        feed.identity.iter().find(|(_, spec)| reads(spec)).map(|(at, _)| identity.fields[*at].0);
    // What the feed is for names a header that the learner's rows read too.
    let is_person = |entity: usize| plans[entity].name.as_str() == "learner";
    let (people, own): (Vec<_>, Vec<_>) = feed.rows.iter().partition(|row| is_person(row.entity));
    of_identity.or_else(|| {
        own.into_iter().chain(people).find_map(|row| {
            let at = row.columns.iter().position(|spec| spec.as_ref().is_some_and(reads))?;
            plans[row.entity].columns.get(at).map(|column| column.name)
        })
    })
}
