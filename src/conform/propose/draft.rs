//! From what was matched to the text of a connector, and to what is said of it.
use super::{
    Proposal, Reading, Wishes,
    dates::Settled,
    matching::{Match, code_list, code_of, near_code},
    naming::{Pattern, pattern_of},
    vocabulary::{Block, Family, Slot, Target},
};
use crate::{
    definitions::{
        Definitions,
        connector::{CellOrigin, CellSpec, fold},
    },
    privacy::{ColumnType, IdentityKind},
    source::look::{Looked, LookedFormat},
};
use std::{collections::BTreeMap, fmt::Write as _};

/// The match that fills a target: its own, or the one whose column it shares.
fn filler<'m>(family: &Family, matches: &'m [Match], target: Target) -> Option<&'m Match> {
    let own = matches.iter().find(|found| family.slots[found.slot].lead == target);
    own.or_else(|| matches.iter().find(|found| family.slots[found.slot].targets.contains(&target)))
}

/// Whether the rows that a kind of sheet is about have all that they cannot do without.
pub(super) fn is_whole(family: &Family, matches: &[Match], definitions: &Definitions) -> bool {
    let main =
        family.blocks.iter().position(|block| definitions.plans[block.entity].name.as_str() != "learner");
    family.only_people || main.is_some_and(|main| block_is_whole(family, matches, definitions, main, None))
}

/// The same for one block; with captures, a part of the file name counts only where the name has it.
fn block_is_whole(
    family: &Family,
    matches: &[Match],
    definitions: &Definitions,
    at: usize,
    captures: Option<&[String]>,
) -> bool {
    let block = &family.blocks[at];
    let plan = &definitions.plans[block.entity];
    let fixed = |column: usize| {
        block
            .fixed
            .iter()
            .any(|(other, cell)| *other == column && captures.is_none_or(|have| fills(cell, have)))
    };
    let defaulted = |column: usize| default_of(family, Target::Column(at, column)).is_some();
    let found = |column: usize| filler(family, matches, Target::Column(at, column)).is_some();
    let required = (0..plan.columns.len()).filter(|column| plan.columns[*column].required);
    let establishment = |column: usize| plan.columns[column].kind == ColumnType::Establishment;
    required
        .into_iter()
        .all(|column| fixed(column) || found(column) || defaulted(column) || establishment(column))
        && block.requires.iter().all(|column| fixed(*column) || found(*column))
}

fn default_of(family: &Family, target: Target) -> Option<&str> {
    let slot = family.slots.iter().find(|slot| slot.lead == target)?;
    slot.spec.as_ref().and_then(|spec| spec.default.as_deref())
}

/// Whether every `{x}` of a template is a capture of the file name.
fn fills(cell: &CellSpec, captures: &[String]) -> bool {
    let CellOrigin::Template(text) = &cell.origin else { return true };
    let names = text.split('{').skip(1).filter_map(|part| part.split('}').next());
    names.into_iter().all(|name| captures.iter().any(|capture| capture == name))
}

pub(super) fn proposal(
    looked: &Looked,
    reading: &Reading<'_>,
    definitions: &Definitions,
    wishes: &Wishes,
) -> Proposal {
    let mut writer = Writer {
        looked,
        reading,
        family: reading.family,
        definitions,
        wishes,
        notes: Vec::new(),
        params: Vec::new(),
        unknown: BTreeMap::new(),
    };
    let pattern = writer.pattern();
    let draft = writer.draft(&pattern);
    writer.say_of_rows();
    let columns = writer.columns();
    let main = reading.family.blocks.iter().find(|block| !is_learner(definitions, block));
    let header =
        reading.header.as_ref().map(|header| (reading.sheet.rows[header.at].0, header.height as u32));
    let hidden = looked.sheets.iter().filter(|sheet| sheet.hidden).count();
    Proposal {
        part: reading.sheet.part,
        sheets: (looked.sheets.len() - hidden, hidden),
        header,
        entity: main.map(|block| definitions.plans[block.entity].name.to_string()).unwrap_or_default(),
        learnt_from: reading.family.taught_by.clone(),
        columns,
        rows: reading.body.rows.len(),
        notes: writer.notes,
        params: writer.params,
        draft,
    }
}

fn is_learner(definitions: &Definitions, block: &Block) -> bool {
    definitions.plans[block.entity].name.as_str() == "learner"
}

pub(super) struct Writer<'w> {
    looked: &'w Looked,
    pub(super) reading: &'w Reading<'w>,
    pub(super) family: &'w Family,
    pub(super) definitions: &'w Definitions,
    pub(super) wishes: &'w Wishes,
    pub(super) notes: Vec<String>,
    params: Vec<String>,
    /// Column of the sheet to its words without a code.
    pub(super) unknown: BTreeMap<usize, Vec<String>>,
}

impl Writer<'_> {
    fn pattern(&mut self) -> Pattern {
        let extension = match self.looked.format {
            LookedFormat::Text => {
                let tabs = self.wishes.file_name.to_lowercase().ends_with(".tsv");
                if tabs { "tsv" } else { "csv" }
            }
            other => other.word(),
        };
        if let Some(text) = &self.wishes.pattern {
            let names = text.split('{').skip(1).filter_map(|part| part.split('}').next());
            return Pattern { captures: names.map(str::to_owned).collect(), text: text.clone() };
        }
        let pattern = pattern_of(&self.wishes.file_name, extension, self.family);
        if pattern.captures.is_empty() {
            self.notes.push(
                "The file's name holds no year: rows stand until a later file changes them, and none is ever taken \
                 for gone. Name the files with their year (list_2024-25.xlsx) and map one again to replace year by year."
                    .to_owned(),
            );
        }
        pattern
    }

    fn draft(&mut self, pattern: &Pattern) -> String {
        let (wishes, family) = (self.wishes, self.family);
        let mut text = String::new();
        let like = if family.taught_by.is_empty() {
            "from the schema alone".to_owned()
        } else {
            format!("after {}", family.taught_by.join(", "))
        };
        let _ = writeln!(text, "# Drafted from one file of this layout, {like}, and agreed to by a person.");
        let _ = writeln!(text, "# Columns that are not named here are never read.");
        let _ = writeln!(text, "name = {}", quoted(&wishes.name));
        let _ = writeln!(text, "title = {}", quoted(&format!("{}: a sheet of this site", wishes.name)));
        let _ = writeln!(text, "kind = \"file\"\nconfirmed = \"drafted from one file\"");
        let nulls: Vec<&str> = std::iter::once("").chain(family.nulls.iter().map(String::as_str)).collect();
        let _ = writeln!(text, "nulls = {}\n\n[file]", list(&nulls));
        self.file(&mut text, pattern);
        let _ = writeln!(text, "\n[[feed]]\nname = \"rows\"");
        if pattern.captures.is_empty() {
            let _ = writeln!(text, "mode = \"keyed\"");
        } else {
            let captures: Vec<&str> = pattern.captures.iter().map(String::as_str).collect();
            let _ = writeln!(text, "# A file sent again replaces what its name says it is about.");
            let _ = writeln!(text, "mode = \"snapshot\"\nscope = {}", list(&captures));
        }
        let key =
            self.reading.person_key.and_then(|at| self.origin(at)).unwrap_or_else(|| "identity".to_owned());
        let _ = writeln!(text, "\n[feed.person]\nkey = {}\n\n[feed.identity]", quoted(&key));
        for (at, (name, _)) in self.definitions.identity.fields.iter().enumerate() {
            if let Some(cell) = self.cell(Target::Identity(at)) {
                let _ = writeln!(text, "{name} = {cell}");
            }
        }
        for at in 0..family.blocks.len() {
            self.block(&mut text, at, pattern);
        }
        text
    }

    fn file(&mut self, text: &mut String, pattern: &Pattern) {
        let _ =
            writeln!(text, "format = \"{}\"\nname = {}", self.looked.format.word(), quoted(&pattern.text));
        if self.looked.format == LookedFormat::Text {
            let delimiter = if self.looked.delimiter == '\t' {
                "tab".to_owned()
            } else {
                self.looked.delimiter.to_string()
            };
            let _ =
                writeln!(text, "encoding = \"{}\"\ndelimiter = {}", self.looked.encoding, quoted(&delimiter));
        } else {
            let _ = writeln!(text, "sheet = {}", self.sheet());
        }
        let header = match &self.reading.header {
            None => "{ none = true }".to_owned(),
            Some(header) => {
                let rows =
                    if header.height > 1 { format!(", rows = {}", header.height) } else { String::new() };
                let must_have = self.must_have();
                let must_have: Vec<&str> = must_have.iter().map(String::as_str).collect();
                format!(
                    "{{ search_rows = {}, must_have = {}{rows} }}",
                    super::header::SEARCH_ROWS,
                    list(&must_have)
                )
            }
        };
        let _ = writeln!(text, "header = {header}");
        let body = &self.reading.body;
        let words: Vec<&str> = body.total_words.iter().map(String::as_str).collect();
        let blank = (body.gap + 10).max(20);
        if words.is_empty() || body.goes_on {
            let _ = writeln!(text, "stop = {{ blank_rows = {blank} }}");
        } else {
            let _ = writeln!(text, "stop = {{ blank_rows = {blank}, row_like = {} }}", list(&words));
        }
        if body.goes_on {
            let _ = writeln!(text, "pass_over = {}", list(&words));
        }
    }

    /// By position; or by a word of its name that other connectors know, for sheets move.
    fn sheet(&self) -> String {
        let visible: Vec<_> = self.looked.sheets.iter().filter(|sheet| !sheet.hidden).collect();
        let place = visible.iter().position(|sheet| sheet.part == self.reading.sheet.part).unwrap_or(0);
        let known = self.family.sheet_words.iter().map(String::as_str);
        let words = known.chain(["register", "learner", "pupil", "student", "placement", "tracker"]);
        let named = words.into_iter().find(|word| {
            let holds = |sheet: &&crate::source::look::LookedSheet| fold(&sheet.name).contains(word);
            visible.len() > 1 && visible.iter().position(holds) == Some(place)
        });
        match named {
            Some(word) => format!("{{ like = [{}] }}", quoted(word)),
            None => format!("{{ position = {} }}", place + 1),
        }
    }

    /// Two headers that tell the header row from any other: who it is, and what cannot be missing.
    fn must_have(&self) -> Vec<String> {
        let mut matches: Vec<&Match> = self.reading.matches.iter().collect();
        let rank = |found: &Match| match self.family.slots[found.slot].lead {
            Target::Identity(at) => match self.definitions.identity.fields[at].1 {
                IdentityKind::Name => 0,
                IdentityKind::Upn => 1,
                _ => 5,
            },
            Target::Column(block, column) => {
                let entity = self.family.blocks[block].entity;
                if self.definitions.plans[entity].columns[column].required { 2 } else { 6 }
            }
        };
        matches.sort_by_key(|found| (rank(found), found.column));
        let first = matches.iter().find(|found| rank(found) < 2);
        let second = matches.iter().find(|found| rank(found) == 2);
        let texts = [first, second].into_iter().flatten().filter_map(|found| self.origin(found.column));
        let texts: Vec<String> = texts.collect();
        if texts.is_empty() {
            matches.iter().take(2).filter_map(|found| self.origin(found.column)).collect()
        } else {
            texts
        }
    }

    /// How a connector names a column of the sheet.
    fn origin(&self, column: usize) -> Option<String> {
        match &self.reading.header {
            None => Some(format!("#{}", column + 1)),
            Some(header) => header.texts.get(column).map(|text| text.shown.clone()),
        }
    }

    fn block(&mut self, text: &mut String, at: usize, pattern: &Pattern) {
        let (family, definitions) = (self.family, self.definitions);
        let block = &family.blocks[at];
        let plan = &definitions.plans[block.entity];
        let matches = &self.reading.matches;
        if !is_learner(definitions, block)
            && !block_is_whole(family, matches, definitions, at, Some(&pattern.captures))
        {
            if block_is_whole(family, matches, definitions, at, None) {
                self.notes.push(format!(
                    "Rows of {} are left out: they are dated by the file's name, and this name holds no such year.",
                    plan.name
                ));
            }
            return;
        }
        let mut cells = Vec::new();
        for (column, spec) in plan.columns.iter().enumerate() {
            let target = Target::Column(at, column);
            let fixed =
                block.fixed.iter().find(|(other, cell)| *other == column && fills(cell, &pattern.captures));
            let cell = match fixed {
                Some((_, cell)) => Some(self.fixed(cell)),
                None => self.cell(target),
            };
            let cell = cell.or_else(|| {
                let default = default_of(family, target).filter(|_| spec.required);
                default.map(|text| format!("{{ const = {} }}", quoted(text)))
            });
            let cell = cell.or_else(|| {
                let owed = spec.required && spec.kind == ColumnType::Establishment;
                owed.then(|| format!("{{ {} }}", self.param("establishment_id")))
            });
            if let Some(cell) = cell {
                cells.push(format!("{} = {cell}", spec.name));
            } else if spec.required {
                return;
            }
        }
        let _ = writeln!(text, "\n[[feed.rows]]\nentity = \"{}\"", plan.name);
        if !block.requires.is_empty() {
            let names: Vec<&str> = block.requires.iter().map(|at| plan.columns[*at].name.as_str()).collect();
            let _ = writeln!(text, "requires = {}", list(&names));
        }
        let _ = writeln!(text, "[feed.rows.columns]\n{}", cells.join("\n"));
    }

    fn fixed(&mut self, cell: &CellSpec) -> String {
        let origin = match &cell.origin {
            CellOrigin::Const(text) => format!("const = {}", quoted(text)),
            CellOrigin::Template(text) => format!("template = {}", quoted(text)),
            CellOrigin::Param(name) => self.param(name),
            _ => String::new(),
        };
        let dates: Vec<&str> = cell.dates.iter().map(String::as_str).collect();
        if dates.is_empty() {
            format!("{{ {origin} }}")
        } else {
            format!("{{ {origin}, dates = {} }}", list(&dates))
        }
    }

    /// A parameter that the source's configuration gives.
    fn param(&mut self, name: &str) -> String {
        if !self.params.iter().any(|known| known == name) {
            self.params.push(name.to_owned());
        }
        format!("param = {}", quoted(name))
    }

    /// The recipe of one cell; none where no column of the sheet is it.
    fn cell(&mut self, target: Target) -> Option<String> {
        let found = filler(self.family, &self.reading.matches, target)?.clone();
        let slot = &self.family.slots[found.slot];
        let mut parts = vec![format!("from = [{}]", quoted(&self.origin(found.column)?))];
        let dated = match target {
            Target::Identity(at) => self.definitions.identity.fields[at].1 == IdentityKind::BirthDate,
            Target::Column(..) => {
                matches!(
                    self.family.kind(self.definitions, target),
                    Some(ColumnType::Date | ColumnType::Month)
                )
            }
        };
        if dated {
            parts.push(format!("dates = {}", list(&self.styles(found.column, slot))));
        }
        if slot.spec.as_ref().is_some_and(|spec| spec.digits) {
            parts.push("digits = true".to_owned());
        }
        let map = self.map(target, &found, slot);
        if !map.is_empty() {
            parts.push(format!("map = {{ {} }}", map.join(", ")));
        }
        if slot.lead == target
            && let Some(spec) = &slot.spec
        {
            parts.extend(spec.default.as_ref().map(|text| format!("default = {}", quoted(text))));
            parts.extend(spec.percent.then(|| "unit = \"percent\"".to_owned()));
        }
        Some(format!("{{ {} }}", parts.join(", ")))
    }

    /// How a column's dates are to be read: in the order that it tells itself, or that whoever asked or the sheet's other
    /// columns tell; where none does, row by row, and what is ambiguous is set aside.
    fn styles(&self, column: usize, slot: &Slot) -> Vec<&'static str> {
        let dates = &self.reading.columns[column].dates;
        let order = |day_first: bool| if day_first { "day-first" } else { "month-first" };
        let mut styles = vec![match dates.settled() {
            Settled::DayFirst(_) => "day-first",
            Settled::MonthFirst(_) => "month-first",
            Settled::Plain => order(self.sheet_order().unwrap_or(true)),
            Settled::Mixed => self.wishes.day_first.map_or("either", order),
            Settled::Open => self.wishes.day_first.or(self.sheet_order()).map_or("either", order),
        }];
        if dates.has_serials() || slot.dates.contains("excel") {
            styles.push("excel");
        }
        styles
    }

    /// The order that the sheet's other columns agree on.
    pub(super) fn sheet_order(&self) -> Option<bool> {
        let settled = || self.reading.columns.iter().map(|column| column.dates.settled());
        let day = settled().any(|order| matches!(order, Settled::DayFirst(_)));
        let month = settled().any(|order| matches!(order, Settled::MonthFirst(_) | Settled::Mixed));
        (day != month).then_some(day)
    }

    /// Words of the column and of other sheets, with their codes.
    fn map(&mut self, target: Target, found: &Match, slot: &Slot) -> Vec<String> {
        let Target::Column(block, column) = target else { return Vec::new() };
        let plan = &self.definitions.plans[self.family.blocks[block].entity].columns[column];
        let list = code_list(&plan.kind, self.definitions);
        if list.is_none() && slot.words.is_empty() {
            return Vec::new();
        }
        let (mut map, mut unknown) = (BTreeMap::<String, (String, &str)>::new(), Vec::new());
        for word in self.reading.columns[found.column].words.iter().flat_map(BTreeMap::keys) {
            let folded = fold(word);
            let near = || list.and_then(|list| near_code(word, slot, list));
            match code_of(word, slot, list).or_else(near) {
                Some(code) if !folded.is_empty() => {
                    map.insert(folded, (word.to_lowercase(), code));
                }
                _ if list.is_some() => unknown.push(word.clone()),
                _ => {}
            }
        }
        if !unknown.is_empty() {
            self.unknown.insert(found.column, unknown);
        }
        for (word, code) in &slot.words {
            map.entry(word.clone()).or_insert_with(|| (word.clone(), code));
        }
        let reads_itself = |word: &str, code: &str| {
            list.is_some_and(|list| list.words.get(word).is_some_and(|read| read == code))
        };
        map.values()
            .filter(|(word, code)| !reads_itself(word, code))
            .map(|(word, code)| format!("{} = {}", quoted(word), quoted(code)))
            .collect()
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(texts: &[&str]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}
