//! The value parsers: any text in any column is a value or a problem. The text's lines are the cells of one row.
#![no_main]
use libfuzzer_sys::fuzz_target;
use std::{collections::BTreeMap, sync::OnceLock};
use throughline::{
    conform::{Binding, Conformer, DocumentContext, Record, Shape},
    definitions::{Connector, Definitions},
    fault::{Name, Place},
    privacy::Origin,
    source::RawCell,
};

/// Every identity field and one row of each entity, each column read from the next cell.
fn everything(definitions: &Definitions) -> Connector {
    let mut text = String::from(
        "name = \"x\"\ntitle = \"x\"\nkind = \"file\"\nconfirmed = \"x\"\nnulls = [\"-\"]\n[file]\nformat = \"csv\"\nname = \"x\"\nheader = { none = true }\n",
    );
    text.push_str("[[feed]]\nname = \"x\"\nmode = \"keyed\"\n[feed.person]\nkey = \"#1\"\n[feed.identity]\n");
    let dates = "dates = [\"excel\", \"day-first\", \"census\", \"%Y-%m-%d\"]";
    for (at, (field, _)) in definitions.identity.fields.iter().enumerate() {
        text.push_str(&format!("{field} = {{ from = [\"#{}\"], {dates} }}\n", at + 1));
    }
    let mut at = 20;
    for plan in definitions.plans.iter().filter(|plan| !plan.public) {
        text.push_str(&format!("[[feed.rows]]\nentity = \"{}\"\n[feed.rows.columns]\n", plan.name));
        for column in plan.columns.iter().filter(|column| column.from_identity.is_none()) {
            at = if at > 38 { 20 } else { at + 1 };
            text.push_str(&format!(
                "{} = {{ from = [\"#{at}\"], after = \"(\", until = \")\", {dates}, unit = \"percent\" }}\n",
                column.name
            ));
        }
    }
    // A connector may not keep a cell that says who somebody is; here nothing is kept, so the rows read other cells.
    definitions.draft("x", &text.replace("after = \"(\", until = \")\", ", "")).unwrap_or_else(|complaints| {
        panic!("{}", complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

static READY: OnceLock<(Definitions, Connector)> = OnceLock::new();

fuzz_target!(|text: &str| {
    let (definitions, connector) = READY.get_or_init(|| {
        let definitions = Definitions::load(None).expect("what ships loads");
        let connector = everything(&definitions);
        (definitions, connector)
    });
    let cells: Vec<RawCell> = text
        .split('\n')
        .take(40)
        .map(|cell| match cell.parse::<f64>() {
            Ok(number) if cell.ends_with('0') => RawCell::Number(number),
            _ => RawCell::Text(cell.to_owned()),
        })
        .collect();
    let nothing = BTreeMap::new();
    let context =
        DocumentContext { shape: Shape::Cells(None), tenant: &nothing, params: &nothing, captures: &nothing };
    let feed = &connector.feeds[0];
    let binding = Binding::of(feed, &context, &connector.nulls, &definitions.codes, &definitions.plans);
    let conformer = Conformer::new(&binding, &definitions.plans, &definitions.identity);
    let place = Place::feed(Name::declare("x"), feed.name);
    let origin = Origin { document: [0; 16], part: 1, row: 1 };
    let _ = conformer.record(&Record::Cells(&cells), place, origin, &mut Vec::new());
});
