//! What the page says, whatever it is written on: sections of headings, sentences and tables of texts. It sees disclosed
//! tables only: what is worked out here, any reader could.
use super::{DIMENSIONS, LinkPage};
use crate::{
    command::{
        report::figures::{academic_year, state_words},
        screen::thousands,
    },
    disclosure::{DisclosedRow, DisclosedTable, Figure, Symbol},
    pipeline::review::in_words_of_rule,
};

/// A part of the page.
pub(super) struct Section {
    pub(super) title: String,
    /// What to know before reading the table.
    pub(super) words: String,
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Line>,
    /// What was hidden, and why.
    pub(super) notes: Vec<String>,
    /// The column that is drawn as bars, if any.
    pub(super) bars: bool,
}

/// A row of a table: its texts, and its rate with both ends where there is one, per cent.
pub(super) struct Line {
    pub(super) cells: Vec<String>,
    pub(super) bar: Option<[f64; 3]>,
    pub(super) is_total: bool,
}

pub(super) fn sections(page: &LinkPage) -> Vec<Section> {
    let mut all = vec![places(page)];
    all.extend(page.completeness.as_ref().map(|table| completeness(table.as_ref())));
    all.push(methods(page.methods.as_ref()));
    all.push(stated(page));
    if let Some(section) = samples(page.samples.as_ref()) {
        all.push(section);
    }
    all.extend(
        page.groups
            .iter()
            .zip(DIMENSIONS)
            .map(|((title, table), (dimension, _))| group(title, dimension, table.as_ref())),
    );
    all.extend(page.sensitivity.as_ref().map(|(year, table)| sensitivity(*year, table.as_ref())));
    all.push(drift(page));
    all
}

/// What the page comes to, in a few sentences.
pub(super) fn in_short(page: &LinkPage) -> String {
    let places = page.places.as_ref();
    let Some(total) = places.rows.last() else { return String::new() };
    let get = |measure: &str| figure(places, total, measure);
    let (Figure::Count(subjects), Figure::Count(linked)) = (get("subjects"), get("linked")) else {
        return "There are too few people here for any figure to be shown.".to_owned();
    };
    let mut said = format!(
        "{} people as their sources know them; {} of them ({}) are linked to another.",
        thousands(subjects.unsigned_abs()),
        thousands(linked.unsigned_abs()),
        cell(get("rate"))
    );
    let range = |name: &str| {
        let [middle, low, high] = ["", "_low", "_high"].map(|end| get(&format!("{name}{end}")));
        (middle.is_number()).then(|| format!("{} (between {} and {})", cell(middle), cell(low), cell(high)))
    };
    if let Some(precision) = range("precision") {
        said.push_str(&format!(" Of the links {precision} are taken to be right."));
    }
    match range("recall") {
        Some(recall) => said.push_str(&format!(" Of those that should be linked {recall} are.")),
        None => said.push_str(" How many links are missing was not reckoned."),
    }
    said
}

fn places(page: &LinkPage) -> Section {
    let (title, what, header) = if page.providers {
        (
            "Establishments",
            "The establishment is that of a subject\u{2019}s latest enrolment or placement.",
            "establishment",
        )
    } else {
        ("Sources", "A subject is a person as one source knows them.", "source")
    };
    let words = format!(
        "{what} Linked: joined to another subject, of this or another source; alone: to none. The range is that of chance."
    );
    grid(title.to_owned(), words, header, page.places.as_ref(), false)
}

fn group(title: &str, dimension: &str, table: &DisclosedTable) -> Section {
    let words = match dimension {
        "upn" => {
            "In this table and those that follow everybody is described by their own source alone, so that those linked and \
             those not are described alike. valid: a permanent number with a right check letter; not valid: another, a \
             temporary one too."
        }
        "setting" => {
            "Where the subject\u{2019}s own source last has them; off roll: educated at home or missing education."
        }
        _ => "By what the subject\u{2019}s own source says.",
    };
    grid(title.to_owned(), words.to_owned(), "group", table, true)
}

/// A table of groups. With `differs`, the last column says how those linked differ from those not.
fn grid(
    title: String,
    words: String,
    header: &'static str,
    table: &DisclosedTable,
    differs: bool,
) -> Section {
    let mut head = vec![header, "subjects", "linked", "rate", "range", "right", "found"];
    if differs {
        head.push("difference");
    }
    let total = table.rows.last();
    let last = table.rows.len().saturating_sub(1);
    let rows = table.rows.iter().enumerate().map(|(at, row)| {
        let get = |measure: &str| figure(table, row, measure);
        let range = match (get("rate_low"), get("rate_high")) {
            (low, high) if low.is_number() && high.is_number() => format!("{} to {}", cell(low), cell(high)),
            (hidden, _) => cell(hidden),
        };
        let mut cells =
            vec![key_words(key(row)), cell(get("subjects")), cell(get("linked")), cell(get("rate")), range];
        cells.extend(["precision", "recall"].map(|measure| cell(get(measure))));
        if differs {
            cells.push(if at == last { String::new() } else { difference(table, row, total) });
        }
        let ends = ["rate", "rate_low", "rate_high"].map(|measure| per_cent(get(measure)));
        let bar = match ends {
            [Some(rate), Some(low), Some(high)] => Some([rate, low, high]),
            _ => None,
        };
        Line { cells, bar, is_total: at == last }
    });
    Section { title, words, header: head, rows: rows.collect(), notes: notes(table), bars: true }
}

/// The standardised difference of those linked and those not, from the counts that are shown.
fn difference(table: &DisclosedTable, row: &DisclosedRow, total: Option<&DisclosedRow>) -> String {
    let count = |row: &DisclosedRow, measure: &str| match figure(table, row, measure) {
        Figure::Count(count) => Some(count as f64),
        _ => None,
    };
    let shares = total.and_then(|total| {
        let (subjects, linked) = (count(row, "subjects")?, count(row, "linked")?);
        let (all, all_linked) = (count(total, "subjects")?, count(total, "linked")?);
        Some((linked / all_linked, (subjects - linked) / (all - all_linked)))
    });
    let Some((linked, alone)) = shares else { return "c".to_owned() };
    let spread = f64::midpoint(linked * (1.0 - linked), alone * (1.0 - alone)).sqrt();
    let difference = (linked - alone) / spread;
    if difference.is_finite() { format!("{difference:+.2}") } else { "x".to_owned() }
}

fn completeness(table: &DisclosedTable) -> Section {
    let mut header = vec!["source"];
    header.extend(["UPN", "ULN", "name", "birth date", "postcode"]);
    let words = "How many of its subjects each source told this of, at any time. UPN: a permanent one with a right \
                 check letter. What a source does not tell cannot link.";
    plain("What each source tells".to_owned(), words.to_owned(), header, table, str::to_owned)
}

fn methods(table: &DisclosedTable) -> Section {
    let words = "Which rule joined each subject first: certain links come from rules, likely ones from weights and have a \
                 probability; whoever is alone is joined to nobody, rightly or not.";
    let mut section = plain(
        "By which rule".to_owned(),
        words.to_owned(),
        vec!["band: rule", "subjects", "share"],
        table,
        |row| match row.split_once(": ") {
            Some(("alone", _)) => "alone".to_owned(),
            Some((band, method)) => format!("{band}: {}", in_words_of_rule(method)),
            None => key_words(row),
        },
    );
    if let Some(line) = section.rows.last_mut() {
        line.is_total = true;
    }
    section
}

fn stated(page: &LinkPage) -> Section {
    let basis = match page.basis.as_str() {
        "sample" => "Of rules by what persons found who looked at enough pairs",
        "policy" => "Of rules by policy (link_rule_error), since not enough pairs were looked at",
        _ => "Of rules nothing: policy does not speak of this year",
    };
    let words = format!(
        "How many links of each band are taken to be right. {basis}; of weights by the probabilities that the model states."
    );
    plain(
        "How far links are believed".to_owned(),
        words,
        vec!["band", "right", "at least", "at most"],
        page.stated.as_ref(),
        str::to_owned,
    )
}

/// None where nobody looked.
fn samples(table: &DisclosedTable) -> Option<Section> {
    if table.rows.len() < 2 {
        return None;
    }
    let words = "Pairs that were drawn by chance and looked at by a person, and how many the person found to be one child. As many \
                 are drawn of a rule that joins few as of one that joins nearly all: the share is of the pairs, and what is \
                 believed of rules weighs them by how many each had joined.";
    let mut section = grid("What persons found".to_owned(), words.to_owned(), "band", table, false);
    section.header = vec!["band", "pairs", "one child", "share", "range"];
    for line in &mut section.rows {
        line.cells.truncate(5);
    }
    Some(section)
}

fn sensitivity(year: i32, table: &DisclosedTable) -> Section {
    let title = format!("If only firm links are believed: the Year 6 of {}", academic_year(year));
    let words = "Where the cohort is at sixteen as counted, and if only learners count whose every link has this \
                 probability or more. Each of them then counts for as many of their cohort, sex and disadvantage as there \
                 are to one who is believed (a weight).";
    let header = vec!["at sixteen", "learners", "share", "from 0.99", "from 0.95", "from 0.90"];
    let mut section = plain(title, words.to_owned(), header, table, |row| state_words(row).to_owned());
    if let Some(line) = section.rows.last_mut() {
        line.is_total = true;
        line.cells.truncate(3);
        line.cells.resize(6, String::new());
    }
    section
}

fn drift(page: &LinkPage) -> Section {
    let words = "Of the subjects of which each was told of for the first time in its newest year, and of those before: how \
                 many are linked. A rate that drops is a sheet that changed.";
    let header = vec![if page.providers { "establishment" } else { "source" }, "before", "newest year"];
    plain("Drift".to_owned(), words.to_owned(), header, page.drift.as_ref(), key_words)
}

fn plain(
    title: String,
    words: String,
    header: Vec<&'static str>,
    table: &DisclosedTable,
    name: impl Fn(&str) -> String,
) -> Section {
    let rows = table.rows.iter().map(|row| {
        let figures = row.figures.iter().map(|figure| cell(*figure));
        Line { cells: std::iter::once(name(key(row))).chain(figures).collect(), bar: None, is_total: false }
    });
    Section { title, words, header, rows: rows.collect(), notes: notes(table), bars: false }
}

fn notes(table: &DisclosedTable) -> Vec<String> {
    table.notices.iter().map(|notice| format!("{}.", notice.what)).collect()
}

/// Why figures are hidden, and what to ask instead: the same for every table.
pub(super) fn why_hidden(page: &LinkPage) -> Option<String> {
    let tables = page.groups.iter().map(|(_, table)| table).chain([&page.places, &page.methods]);
    let notice = tables.flat_map(|table| &table.as_ref().notices).next()?;
    Some(format!("Why figures are hidden: {}.", notice.why))
}

/// What the symbols mean that stand on the page.
pub(super) fn legend(sections: &[Section]) -> Vec<(&'static str, &'static str)> {
    let known = [
        ("right", "of the links, how many are taken to be right: the precision"),
        ("found", "of those that should be linked, how many are: the recall"),
        (
            "difference",
            "of the group\u{2019}s shares of those linked and of those not, in units of their spread; beyond 0.1 is usually called an imbalance",
        ),
        ("c", "hidden: small, or would give a small figure away"),
        ("x", "no figure: nobody to count, not reckoned, or too few to estimate"),
        ("low", "more than nothing, and rounds to nothing"),
    ];
    let stands = |symbol: &str| {
        let mut cells =
            sections.iter().flat_map(|section| &section.rows).flat_map(|line| line.cells.iter().skip(1));
        sections.iter().any(|section| section.header.contains(&symbol)) || cells.any(|cell| cell == symbol)
    };
    known.into_iter().filter(|(symbol, _)| stands(symbol)).collect()
}

/// A group's code in words.
fn key_words(key: &str) -> String {
    match key {
        "total" => "all",
        "not_known" => "not known",
        "not_valid" => "not valid",
        "off_roll" => "off roll",
        "others" => "all with fewer than ten learners",
        "F" => "girls",
        "M" => "boys",
        "U" => "not known to the source",
        "ap" => "alternative provision",
        "fe" => "further education",
        other => other,
    }
    .to_owned()
}

fn key(row: &DisclosedRow) -> &str {
    row.keys.first().map_or("", String::as_str)
}

fn figure(table: &DisclosedTable, row: &DisclosedRow, measure: &str) -> Figure {
    let at = table.measures.iter().position(|name| name == measure);
    at.and_then(|at| row.figures.get(at)).copied().unwrap_or(Figure::Symbol(Symbol::NotAvailable))
}

fn per_cent(figure: Figure) -> Option<f64> {
    match figure {
        Figure::PerCentTenths(tenths) => Some(tenths as f64 / 10.0),
        _ => None,
    }
}

fn cell(figure: Figure) -> String {
    match figure {
        Figure::Count(count) => thousands(count.unsigned_abs()),
        other => other.to_string(),
    }
}
