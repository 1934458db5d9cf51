//! An Excel workbook around its sheets: which there are and which are hidden, where its texts and styles are.
use super::{
    SheetNote,
    cells::{CellKinds, SheetCells},
    markup::{next_tag, push_string, push_text},
};
use crate::{
    fault::Problem,
    source::package::{Package, Part, problem_of},
};
use std::{io::Read, rc::Rc};

/// The lists of a workbook are no longer than this.
const MAX_LIST: u64 = 64 << 20;
/// Shared texts take no more memory than this.
const MAX_SHARED: u64 = 512 << 20;

/// An open workbook.
pub(super) struct Workbook {
    package: Package,
    /// Sheets in the order of their tabs.
    pub(super) sheets: Vec<SheetNote>,
    parts: Vec<Option<String>>,
    kinds: Rc<CellKinds>,
}

/// All shared texts in one, by their ends.
#[derive(Default)]
pub(super) struct SharedTexts {
    text: String,
    ends: Vec<u32>,
}

impl SharedTexts {
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    fn read(part: Part) -> Result<Self, Problem> {
        let mut texts = Self::default();
        let xml = whole_text(part, MAX_SHARED)?;
        let mut at = 0;
        while let Some(tag) = next_tag(&xml, at) {
            at = tag.end;
            if tag.name == "si" && !tag.closes {
                if !tag.empty {
                    at = push_string(&mut texts.text, &xml, at, "si");
                }
                texts.ends.push(u32::try_from(texts.text.len()).map_err(|_| Problem::TooLarge)?);
            }
        }
        texts.text.shrink_to_fit();
        texts.ends.shrink_to_fit();
        Ok(texts)
    }
}

fn whole_text(part: Part, most: u64) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    part.take(most + 1).read_to_end(&mut bytes).map_err(|error| problem_of(&error))?;
    if bytes.len() as u64 > most {
        return Err(Problem::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Problem::UnreadableFile)
}

impl Workbook {
    /// Whether the archive is a workbook that can be read so.
    pub(super) fn is_one(package: &Package) -> bool {
        main_part(package).is_some()
    }

    pub(super) fn open(mut package: Package) -> Result<Self, Problem> {
        let main = main_part(&package).ok_or(Problem::UnreadableFile)?;
        let book = text_of(&mut package, &main)?.ok_or(Problem::UnreadableFile)?;
        let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder);
        let name = main.rsplit_once('/').map_or(main.as_str(), |(_, name)| name);
        let relations = text_of(&mut package, &format!("{folder}/_rels/{name}.rels"))?.unwrap_or_default();
        let targets = targets(&relations, folder);
        let (sheets, parts, from_1904) = sheets_of(&book, &targets);
        let by_kind = |kind: &str| targets.iter().find(|target| target.kind == kind);
        let styles = match by_kind("styles") {
            Some(target) => text_of(&mut package, &target.part)?.unwrap_or_default(),
            None => String::new(),
        };
        let texts = match by_kind("sharedStrings") {
            Some(target) => package.part(&target.part)?.map(SharedTexts::read).transpose()?,
            None => None,
        };
        let dates = date_styles(&styles);
        let kinds = Rc::new(CellKinds { texts: texts.unwrap_or_default(), dates, from_1904 });
        Ok(Self { package, sheets, parts, kinds })
    }

    /// The cells of a sheet, by its position among the tabs from 0. With `merged`, the sheet is read through once
    /// before: what is merged stands behind the cells.
    pub(super) fn cells(&mut self, at: usize, merged: bool) -> Result<SheetCells, Problem> {
        let name = self.parts.get(at).and_then(Clone::clone).ok_or(Problem::NoSheet)?;
        let merges = if merged { SheetCells::merges(self.open_part(&name)?)? } else { Vec::new() };
        Ok(SheetCells::new(self.open_part(&name)?, Rc::clone(&self.kinds), merges))
    }

    fn open_part(&mut self, name: &str) -> Result<Part, Problem> {
        self.package.part(name)?.ok_or(Problem::UnreadableFile)
    }
}

fn main_part(package: &Package) -> Option<String> {
    if package.has("xl/workbook.xml") {
        return Some("xl/workbook.xml".to_owned());
    }
    package.names().find(|name| name.ends_with("/workbook.xml") || *name == "workbook.xml").map(str::to_owned)
}

fn text_of(package: &mut Package, name: &str) -> Result<Option<String>, Problem> {
    let Some(bytes) = package.whole(name, MAX_LIST)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| Problem::UnreadableFile)
}

struct Target {
    id: String,
    kind: String,
    part: String,
}

/// What the workbook points to. A target is looked up in the archive by its name and nowhere else.
fn targets(relations: &str, folder: &str) -> Vec<Target> {
    let (mut targets, mut at) = (Vec::new(), 0);
    while let Some(tag) = next_tag(relations, at) {
        at = tag.end;
        let attributes = (tag.attribute("Id"), tag.attribute("Type"), tag.attribute("Target"));
        if let ("Relationship", (Some(id), Some(kind), Some(target))) = (tag.name, attributes) {
            let mut path = String::new();
            push_text(&mut path, target);
            let part = match path.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None if folder.is_empty() => path,
                None => format!("{folder}/{}", path.strip_prefix("./").unwrap_or(&path)),
            };
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            targets.push(Target { id: id.to_owned(), kind, part });
        }
    }
    targets
}

fn sheets_of(book: &str, targets: &[Target]) -> (Vec<SheetNote>, Vec<Option<String>>, bool) {
    let (mut sheets, mut parts, mut from_1904, mut at) = (Vec::new(), Vec::new(), false, 0);
    while let Some(tag) = next_tag(book, at) {
        at = tag.end;
        if tag.name == "workbookPr" {
            from_1904 = tag.says("date1904");
        } else if tag.name == "sheet" && !tag.closes {
            let mut name = String::new();
            push_text(&mut name, tag.attribute("name").unwrap_or_default());
            let visible = tag.attribute("state").is_none_or(|state| state == "visible");
            let target = targets.iter().find(|target| Some(target.id.as_str()) == tag.attribute("id"));
            sheets.push(SheetNote { name, visible });
            parts.push(target.filter(|target| target.kind == "worksheet").map(|target| target.part.clone()));
        }
    }
    (sheets, parts, from_1904)
}

/// For each cell style whether it shows a day.
fn date_styles(styles: &str) -> Vec<bool> {
    let (mut own, mut dates, mut inside, mut at) = (Vec::new(), Vec::new(), false, 0);
    while let Some(tag) = next_tag(styles, at) {
        at = tag.end;
        match (tag.name, tag.closes) {
            ("numFmt", false) => {
                let id: Option<u32> = tag.attribute("numFmtId").and_then(|id| id.parse().ok());
                let mut code = String::new();
                push_text(&mut code, tag.attribute("formatCode").unwrap_or_default());
                own.extend(id.map(|id| (id, shows_day(&code))));
            }
            ("cellXfs", closes) => inside = !closes && !tag.empty,
            ("xf", false) if inside => {
                let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                let day = own.iter().find(|(known, _)| *known == id).map_or_else(
                    || matches!(id, 14..=17 | 22 | 27..=31 | 34..=36 | 50..=54 | 57..=58),
                    |(_, day)| *day,
                );
                dates.push(day);
            }
            _ => {}
        }
    }
    dates
}

/// Whether a format shows a year, or a day, or a month that is no minute: not a time alone.
fn shows_day(code: &str) -> bool {
    let (mut letters, mut skip, mut quoted, mut bracket) = (String::new(), false, false, false);
    let (mut elapsed, mut last) = (false, ' ');
    for c in code.chars() {
        match c {
            _ if skip => skip = false,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => skip = true,
            '[' => bracket = true,
            ']' => bracket = false,
            // `[h]` counts hours beyond a day; `[Red]` and `[$-809]` only dress.
            _ if bracket => elapsed |= matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's') && last == '[',
            ';' => break,
            _ => letters.push(c.to_ascii_lowercase()),
        }
        last = c;
    }
    if elapsed || letters.contains("general") {
        return false;
    }
    let has = |letter: char| letters.contains(letter);
    has('y') || has('d') || (has('m') && !has('h') && !has('s'))
}

#[cfg(test)]
mod tests {
    use super::shows_day;

    #[test]
    fn a_format_shows_a_day_or_it_does_not() {
        for code in ["dd/mm/yyyy", "[$-809]d mmmm yyyy;@", "mmm-yy", "yyyy", "m/d/yy h:mm", "dd\\.mm\\.yy"] {
            assert!(shows_day(code), "{code}");
        }
        for code in
            ["General", "0.00", "h:mm:ss", "[h]:mm", "mm:ss.0", "0 \"days\"", "#,##0_d", "[Red]0", "@", "0%"]
        {
            assert!(!shows_day(code), "{code}");
        }
    }
}
