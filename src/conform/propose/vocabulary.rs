//! What is known of sheets: every shipped and local connector that reads one, taken apart into the columns it fills,
//! the headers it finds them under and the words it knows. A new layout of a known kind of sheet is matched with it.
use super::near::tokens;
use crate::{
    definitions::{
        Definitions,
        connector::{CellOrigin, CellSpec, Connector, Feed, Form, PersonKeySpec, fold},
    },
    privacy::ColumnType,
};
use std::collections::{BTreeMap, BTreeSet};

/// A cell of a kind of sheet: an identity field, or a column of one of its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// By position in the identity plan.
    Identity(usize),
    /// Block by position in the family, column by position in the entity's plan.
    Column(usize, usize),
}

/// A kind of sheet.
pub(super) struct Family {
    /// The connectors it was learnt from; none where a schema alone says it.
    pub(super) taught_by: Vec<String>,
    /// The rows that one line gives.
    pub(super) blocks: Vec<Block>,
    /// What a header can stand for.
    pub(super) slots: Vec<Slot>,
    /// Headers under which such a sheet keeps a person key of its own.
    pub(super) person_keys: Vec<String>,
    /// Texts that mean empty.
    pub(super) nulls: BTreeSet<String>,
    /// Texts that begin a total, folded.
    pub(super) stops: BTreeSet<String>,
    /// Texts that begin a heading between rows, folded.
    pub(super) headings: BTreeSet<String>,
    /// Patterns of the file names, as far as their first capture.
    pub(super) file_words: BTreeSet<String>,
    /// Words that name the sheet, folded.
    pub(super) sheet_words: BTreeSet<String>,
    /// A list of people and nothing else: only who they are is read.
    pub(super) only_people: bool,
}

/// Rows of one entity, and what is fixed in them.
pub(super) struct Block {
    pub(super) entity: usize,
    /// Columns with a fixed text, a parameter or a part of the file name.
    pub(super) fixed: Vec<(usize, CellSpec)>,
    pub(super) requires: Vec<usize>,
    signature: String,
}

/// What a header can stand for.
pub(super) struct Slot {
    /// The target that names it; the others take their cell from the same column.
    pub(super) lead: Target,
    pub(super) targets: BTreeSet<Target>,
    pub(super) spellings: Vec<Spelling>,
    /// Folded word to code.
    pub(super) words: BTreeMap<String, String>,
    /// How its cells were read by the connector that taught it.
    pub(super) spec: Option<CellSpec>,
    pub(super) dates: BTreeSet<String>,
}

/// A known header text.
pub(super) struct Spelling {
    pub(super) folded: String,
    pub(super) tokens: Vec<String>,
    /// 1 for a connector's own, less for a title out of a schema.
    pub(super) weight: f64,
}

/// All kinds of sheet.
pub(super) struct Vocabulary {
    pub(super) families: Vec<Family>,
}

impl Vocabulary {
    /// Learns from every connector that reads sheets, and from the schemas.
    pub(super) fn learn(definitions: &Definitions, knows: impl Fn(&str) -> bool) -> Self {
        let mut families = BTreeMap::<String, Family>::new();
        for connector in definitions.connectors.values().filter(|connector| knows(&connector.name)) {
            for feed in connector.feeds.iter().filter(|feed| !feed.public) {
                if let Some(main) = main_block(definitions, feed) {
                    let family = families.entry(main).or_insert_with(Family::empty);
                    family.learn(definitions, connector, feed);
                }
            }
        }
        let mut families: Vec<Family> = families.into_values().collect();
        for entity in 0..definitions.plans.len() {
            families.extend(Family::of_schema(definitions, entity));
        }
        share(definitions, &mut families);
        Self { families }
    }

    /// What is known of lists of people: who somebody is, under every header that any kind of sheet has for it.
    pub(super) fn people(&self) -> Family {
        let mut people = Family { only_people: true, ..Family::empty() };
        for family in &self.families {
            people.nulls.extend(family.nulls.iter().cloned());
            for slot in family.slots.iter().filter(|slot| matches!(slot.lead, Target::Identity(_))) {
                people.slot(slot.lead).learn(slot);
            }
        }
        people
    }
}

/// The block that a feed is about: the first that is not the learner, with what is fixed in it.
fn main_block(definitions: &Definitions, feed: &Feed) -> Option<String> {
    let rows = feed.rows.iter().filter(|rows| rows.each.is_none() && rows.when.is_empty());
    let mut all: Vec<String> = rows.map(|rows| signature(definitions, rows)).collect();
    all.sort_by_key(|signature| signature.starts_with("learner"));
    all.into_iter().next()
}

fn signature(definitions: &Definitions, rows: &crate::definitions::connector::RowSpec) -> String {
    let plan = &definitions.plans[rows.entity];
    let mut signature = plan.name.to_string();
    for (at, cell) in rows.columns.iter().enumerate() {
        if let Some(CellOrigin::Const(text)) = cell.as_ref().map(|cell| &cell.origin) {
            signature = format!("{signature} {}={text}", plan.columns[at].name);
        }
    }
    signature
}

impl Family {
    fn empty() -> Self {
        Self {
            taught_by: Vec::new(),
            blocks: Vec::new(),
            slots: Vec::new(),
            person_keys: Vec::new(),
            nulls: BTreeSet::new(),
            stops: BTreeSet::new(),
            headings: BTreeSet::new(),
            file_words: BTreeSet::new(),
            sheet_words: BTreeSet::new(),
            only_people: false,
        }
    }

    fn learn(&mut self, definitions: &Definitions, connector: &Connector, feed: &Feed) {
        let Form::File(file) = &connector.form else {
            return;
        };
        self.taught_by.push(connector.name.clone());
        self.nulls.extend(connector.nulls.iter().filter(|text| !text.is_empty()).cloned());
        let form = feed.form(file);
        self.stops.extend(form.stop.row_like.iter().map(|text| fold(text)));
        self.headings.extend(form.pass_over.iter().map(|text| fold(text)));
        let pattern = feed.files.as_ref().unwrap_or(&form.name);
        self.file_words.extend(pattern.split(['{', '*']).next().map(str::to_lowercase));
        self.sheet_words.extend(form.sheet.like.iter().map(|text| fold(text)));
        if let Some(PersonKeySpec::Field(keys)) = &feed.person {
            self.person_keys.extend(keys.iter().cloned());
        }
        let mut cells: Vec<(Target, &CellSpec)> =
            feed.identity.iter().map(|(at, cell)| (Target::Identity(*at), cell)).collect();
        let mut seen = BTreeMap::<String, usize>::new();
        let mut ordered: Vec<_> =
            feed.rows.iter().filter(|rows| rows.each.is_none() && rows.when.is_empty()).collect();
        // The learner's own row follows the dates of the others.
        ordered.sort_by_key(|rows| definitions.plans[rows.entity].name.as_str() == "learner");
        for rows in ordered {
            let mut signature = signature(definitions, rows);
            let nth = seen.entry(signature.clone()).or_default();
            *nth += 1;
            signature = format!("{signature} #{nth}");
            let block = self.block(rows, signature);
            for (column, cell) in rows.columns.iter().enumerate() {
                cells.extend(cell.as_ref().map(|cell| (Target::Column(block, column), cell)));
            }
        }
        self.group(&cells);
    }

    fn block(&mut self, rows: &crate::definitions::connector::RowSpec, signature: String) -> usize {
        if let Some(at) = self.blocks.iter().position(|block| block.signature == signature) {
            return at;
        }
        let fixed = rows.columns.iter().enumerate().filter_map(|(at, cell)| {
            let cell = cell.as_ref()?;
            matches!(cell.origin, CellOrigin::Const(_) | CellOrigin::Param(_) | CellOrigin::Template(_))
                .then(|| (at, cell.clone()))
        });
        let fixed = fixed.collect();
        self.blocks.push(Block { entity: rows.entity, fixed, requires: rows.requires.clone(), signature });
        self.blocks.len() - 1
    }

    /// Cells that one connector reads from one header are one slot.
    fn group(&mut self, cells: &[(Target, &CellSpec)]) {
        let mut leads = BTreeMap::<String, Target>::new();
        for (target, cell) in cells {
            let CellOrigin::From(names) = &cell.origin else {
                continue;
            };
            let known = names.iter().find_map(|name| leads.get(&fold(name)).copied());
            let lead = known.unwrap_or(*target);
            let slot = self.slot(lead);
            slot.targets.insert(*target);
            for name in names {
                leads.entry(fold(name)).or_insert(lead);
                slot.spell(name, 1.0);
            }
            slot.dates.extend(cell.dates.iter().cloned());
            for (word, code) in &cell.map {
                slot.words.entry(word.clone()).or_insert_with(|| code.clone());
            }
            if slot.spec.is_none() {
                slot.spec = Some((*cell).clone());
            }
        }
    }

    fn slot(&mut self, lead: Target) -> &mut Slot {
        let at = self.slots.iter().position(|slot| slot.lead == lead).unwrap_or_else(|| {
            self.slots.push(Slot::of(lead));
            self.slots.len() - 1
        });
        &mut self.slots[at]
    }

    /// A sheet of one entity that no connector reads yet, under the names and titles of its schema.
    fn of_schema(definitions: &Definitions, entity: usize) -> Option<Self> {
        let (schema, plan) = (&definitions.schemas[entity], &definitions.plans[entity]);
        if schema.public || schema.name == "learner" {
            return None;
        }
        let mut family = Self::empty();
        let block = |entity, name: &str| Block {
            entity,
            fixed: Vec::new(),
            requires: Vec::new(),
            signature: name.to_owned(),
        };
        family.blocks.push(block(entity, &schema.name));
        let learner = definitions.entity("learner");
        family.blocks.extend(learner.map(|learner| block(learner, "learner")));
        for (at, column) in schema.columns.iter().enumerate().filter(|(at, _)| plan.columns[*at].stored()) {
            let slot = family.slot(Target::Column(0, at));
            slot.targets.insert(Target::Column(0, at));
            for text in [&column.name, &column.title, &column.dfe] {
                slot.spell(text, 0.95);
            }
            if plan.dated_by == Some(at)
                && let Some(observed) = learner.and_then(|learner| {
                    definitions.schemas[learner]
                        .columns
                        .iter()
                        .position(|column| column.name == "observed_on")
                })
            {
                slot.targets.insert(Target::Column(1, observed));
            }
        }
        Some(family)
    }

    /// Whether one line gives only one row of an entity: then its columns go by the same headers on other sheets too.
    fn once(&self, entity: usize) -> bool {
        self.blocks.iter().filter(|block| block.entity == entity).count() == 1
    }

    /// The schema's type of a slot's lead; none for an identity field.
    pub(super) fn kind<'d>(&self, definitions: &'d Definitions, target: Target) -> Option<&'d ColumnType> {
        match target {
            Target::Identity(_) => None,
            Target::Column(block, column) => {
                Some(&definitions.plans[self.blocks[block].entity].columns[column].kind)
            }
        }
    }
}

impl Slot {
    fn of(lead: Target) -> Self {
        Self {
            lead,
            targets: BTreeSet::from([lead]),
            spellings: Vec::new(),
            words: BTreeMap::new(),
            spec: None,
            dates: BTreeSet::new(),
        }
    }

    fn spell(&mut self, text: &str, weight: f64) {
        let folded = fold(text);
        if !folded.is_empty() && !text.starts_with('#') && !self.spellings.iter().any(|s| s.folded == folded)
        {
            self.spellings.push(Spelling { folded, tokens: tokens(text), weight });
        }
    }
}

/// Who somebody is goes by the same headers on every sheet, and a code by the same words under every header.
fn share(definitions: &Definitions, families: &mut [Family]) {
    let mut identity = BTreeMap::<usize, BTreeMap<String, Vec<String>>>::new();
    let mut words = BTreeMap::<String, BTreeMap<String, String>>::new();
    let mut headers = BTreeMap::<(usize, usize), BTreeMap<String, Vec<String>>>::new();
    for family in families.iter().filter(|family| !family.taught_by.is_empty()) {
        for slot in &family.slots {
            let spelt = slot.spellings.iter().map(|s| (s.folded.clone(), s.tokens.clone()));
            match slot.lead {
                Target::Identity(at) => identity.entry(at).or_default().extend(spelt),
                Target::Column(block, column) => {
                    let entity = family.blocks[block].entity;
                    if family.once(entity) {
                        headers.entry((entity, column)).or_default().extend(spelt);
                    }
                }
            }
            if let Some(ColumnType::Code(list)) = family.kind(definitions, slot.lead) {
                let known = words.entry(list.to_string()).or_default();
                for (word, code) in &slot.words {
                    known.entry(word.clone()).or_insert_with(|| code.clone());
                }
            }
        }
    }
    let plan = &definitions.identity;
    for family in families.iter_mut() {
        for (at, (name, _)) in plan.fields.iter().enumerate() {
            let slot = family.slot(Target::Identity(at));
            for (folded, tokens) in identity.get(&at).into_iter().flatten() {
                slot.take(folded, tokens);
            }
            slot.spell(name.as_str(), 0.9);
        }
        for at in 0..family.slots.len() {
            let lead = family.slots[at].lead;
            if let Some(ColumnType::Code(list)) = family.kind(definitions, lead) {
                let known = words.get(list.as_str()).cloned().unwrap_or_default();
                for (word, code) in known {
                    family.slots[at].words.entry(word).or_insert(code);
                }
            }
            if let Target::Column(block, column) = lead
                && family.once(family.blocks[block].entity)
            {
                let entity = family.blocks[block].entity;
                for (folded, tokens) in headers.get(&(entity, column)).into_iter().flatten() {
                    family.slots[at].take(folded, tokens);
                }
            }
        }
    }
}

impl Slot {
    /// Takes over what another slot knows of the same field.
    fn learn(&mut self, other: &Self) {
        other.spellings.iter().for_each(|spelling| self.take(&spelling.folded, &spelling.tokens));
        self.dates.extend(other.dates.iter().cloned());
    }

    fn take(&mut self, folded: &str, tokens: &[String]) {
        if !self.spellings.iter().any(|spelling| spelling.folded == folded) {
            self.spellings.push(Spelling { folded: folded.to_owned(), tokens: tokens.to_vec(), weight: 1.0 });
        }
    }
}
