//! The workbook that goes to whoever decides: one pair a row, both sides beside one another. It is the one document of a
//! review that holds names, so it goes only to the place that the operator has named.
use super::{
    Case, FIELDS, FIXED_REASONS, Queue, ReviewFault, evidence_in_words, in_words_of_rule, level_in_words,
    side::Side,
    token::{Offer, half},
    why_in_words,
};
use crate::{
    link::Explained,
    pipeline::Site,
    privacy::{Identified, Keyed},
};
use rust_xlsxwriter::{
    Color, DataValidation, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

/// The sheet of the pairs.
pub(super) const PAIRS: &str = "Pairs";
/// The columns that a person fills.
pub(super) const DECISION: &str = "Decision";
pub(super) const REASON: &str = "Reason";
/// The running number, by which two people at two desks speak of a row.
pub(super) const NUMBER: &str = "No.";
/// The code, always the last.
pub(super) const CODE: &str = "Code (leave as it is)";
/// What can be decided, as it is written.
pub(super) const SAME: &str = "same";
pub(super) const DIFFERENT: &str = "different";
pub(super) const NOT_SURE: &str = "not sure";

const TO_FILL: Color = Color::RGB(0x00FF_F2CC);
const HEADER: Color = Color::RGB(0x00D9_E2F3);

/// A column's header and what stands in it, for one pair.
type Cells = Vec<(String, String)>;

/// Makes the workbook of a queue; its bytes go to what writes them where the operator said.
pub fn export_review(site: &mut Site, queue: &Queue, who: &str) -> Result<Identified<Vec<u8>>, ReviewFault> {
    let mark = site.catalog.folder_mark()?;
    let keyed = site.key.keyed();
    let folder = half(&keyed.digest("review folder", &[mark.as_bytes()]));
    let mut rows = Vec::new();
    for case in &queue.cases {
        let cells = cells_of(case);
        let offer = Offer {
            pair: case.pair,
            folder,
            said: case.said,
            cells: digest_of(&keyed, cells.iter().map(|(header, text)| (header.as_str(), text.as_str()))),
            decisions: case.decisions,
        };
        rows.push((cells, offer.code(&site.key)?));
    }
    let made = Made { who, day: site.stamp(), folder: &mark[..8], waiting: queue.waiting };
    let bytes = write(&rows, &made).map_err(|_| ReviewFault::NotMade)?;
    Ok(Identified::new(bytes))
}

/// A keyed digest of the cells that were shown, whatever spaces a spreadsheet program made of others.
pub(super) fn digest_of<'t>(keyed: &Keyed, cells: impl Iterator<Item = (&'t str, &'t str)>) -> [u8; 8] {
    let one_space = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let filled = cells.map(|(header, text)| (one_space(header), one_space(text)));
    let mut filled: Vec<_> = filled.filter(|(_, text)| !text.is_empty()).collect();
    // Columns may be moved: a row is what it says.
    filled.sort();
    let parts: Vec<&[u8]> =
        filled.iter().flat_map(|(header, text)| [header.as_bytes(), text.as_bytes()]).collect();
    half(&keyed.digest("review cells", &parts))
}

/// Every header that a row of ours may have, beside those that a person fills.
pub(super) fn headers() -> Vec<String> {
    let mut headers: Vec<String> = ["Why it is here", "How likely", "Twins?"].map(str::to_owned).into();
    for title in ["Source", "School", "Last said"].into_iter().chain(FIELDS.iter().map(|(_, title)| *title)) {
        headers.extend([format!("{title}, A"), format!("{title}, B")]);
        if agreement_is_said(title) {
            headers.push(format!("{title}: agree?"));
        }
    }
    headers.extend(["Evidence", "Somebody else it may be"].map(str::to_owned));
    headers
}

fn agreement_is_said(title: &str) -> bool {
    !["Source", "School", "Last said"].contains(&title)
}

fn cells_of(case: &Case) -> Cells {
    let [one, other] = [case.sides[0].veiled(), case.sides[1].veiled()];
    let mut texts = vec![why_of(case), likely(case.probability), twins_of(case)];
    for pair in [
        [one.source.as_str(), other.source.as_str()],
        [one.school.as_str(), other.school.as_str()],
        [one.last_said.as_str(), other.last_said.as_str()],
    ] {
        texts.extend(pair.map(str::to_owned));
    }
    for at in 0..FIELDS.len() {
        texts.extend([one.cell(at), other.cell(at), agreement(&case.explained, one, other, at)]);
    }
    texts.push(evidence_in_words(&case.explained));
    let rival = case.runner_up.as_ref();
    texts.push(rival.map_or_else(String::new, |rival| {
        format!("{}: {}", likely(rival.probability), rival.side.veiled().in_a_line())
    }));
    headers().into_iter().zip(texts).collect()
}

/// Why a pair is here, in words; of a drawn one, by what it was joined.
pub fn why_of(case: &Case) -> String {
    match case.band.as_str() {
        "" => why_in_words(case.why.as_str()).to_owned(),
        band => format!("{} (by {})", why_in_words("sample"), in_words_of_rule(band)),
    }
}

fn twins_of(case: &Case) -> String {
    if case.explained.twins {
        "may be twins: same day of birth, forenames differ".to_owned()
    } else {
        String::new()
    }
}

/// `0.87`, rounded down: nothing is stated as more certain than it is.
pub fn likely(probability: u16) -> String {
    format!("0.{:02}", (probability / 100).min(99))
}

/// How two sides agree in a field, in words: as it was weighed, or else whether they share a value.
pub fn agreement(explained: &Explained, one: &Side, other: &Side, at: usize) -> String {
    let field = FIELDS[at].0;
    // Each source numbers its own.
    if field == "local_key" && one.source != other.source {
        return String::new();
    }
    let words = match (one.agrees(other, at), explained.lines.iter().find(|line| line.field == field)) {
        (None, _) => "",
        (Some(_), Some(line)) if line.level != "not_said" => level_in_words(field, line.level),
        (Some(true), _) => "the same",
        (Some(false), _) => "differ",
    };
    words.to_owned()
}

/// By whom and when the workbook was made.
struct Made<'m> {
    who: &'m str,
    day: String,
    folder: &'m str,
    waiting: usize,
}

fn write(rows: &[(Cells, String)], made: &Made<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    cover(workbook.add_worksheet(), rows.len(), made)?;
    pairs(workbook.add_worksheet(), rows)?;
    workbook.save_to_buffer()
}

fn pairs(out: &mut Worksheet, rows: &[(Cells, String)]) -> Result<(), XlsxError> {
    out.set_name(PAIRS)?;
    let head =
        Format::new().set_bold().set_background_color(HEADER).set_text_wrap().set_align(FormatAlign::Top);
    let fill = Format::new()
        .set_background_color(TO_FILL)
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Top);
    let plain = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let of_all = headers();
    // A column that is empty for every pair is left out.
    let used = |at: &usize| rows.iter().any(|(cells, _)| !cells[*at].1.is_empty());
    let used: Vec<usize> = (0..of_all.len()).filter(used).collect();
    let first = [NUMBER, DECISION, REASON];
    let titles = first.into_iter().chain(used.iter().map(|at| of_all[*at].as_str())).chain([CODE]);
    for (column, title) in titles.enumerate() {
        out.write_string_with_format(0, column as u16, title, &head)?;
    }
    for (at, (cells, code)) in rows.iter().enumerate() {
        let row = at as u32 + 1;
        out.write_string_with_format(row, 0, row.to_string(), &plain)?;
        out.write_blank(row, 1, &fill)?;
        out.write_blank(row, 2, &fill)?;
        for (column, at) in used.iter().enumerate() {
            out.write_string_with_format(row, column as u16 + 3, &cells[*at].1, &plain)?;
        }
        out.write_string(row, used.len() as u16 + 3, code)?;
    }
    out.set_column_width(1, 12)?.set_column_width(2, 28)?;
    for (column, at) in used.iter().enumerate() {
        let header = of_all[*at].as_str();
        let width = if header == "Evidence" {
            60
        } else if header.ends_with("agree?") {
            20
        } else {
            18
        };
        out.set_column_width(column as u16 + 3, width)?;
    }
    out.set_column_width(0, 5)?.set_freeze_panes(1, 3)?;
    let last = rows.len().max(1) as u32;
    let words = DataValidation::new()
        .allow_list_strings(&[SAME, DIFFERENT, NOT_SURE])?
        .set_error_title("Not a decision")?
        .set_error_message("Choose same, different or not sure, or leave the cell empty.")?;
    out.add_data_validation(1, 1, last, 1, &words)?;
    // Reasons are offered; others may be written.
    let reasons = DataValidation::new().allow_list_strings(&FIXED_REASONS)?.show_error_message(false);
    out.add_data_validation(1, 2, last, 2, &reasons)?;
    Ok(())
}

/// What the reader has to know, on the sheet that opens.
fn cover(out: &mut Worksheet, pairs: usize, made: &Made<'_>) -> Result<(), XlsxError> {
    out.set_name("Read me")?;
    out.set_column_width(0, 110)?;
    let title = Format::new().set_bold().set_font_size(14);
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    out.write_string_with_format(0, 0, "Is this one child, or two?", &title)?;
    let counted = format!(
        "{pairs} pairs of {} that wait; made on {} by {} from data folder {}.",
        made.waiting,
        made.day.get(..10).unwrap_or(""),
        made.who,
        made.folder
    );
    let lines = [
        counted.as_str(),
        "Each row of the sheet Pairs lays two records beside one another, A and B, as two sources have them. Choose same, different or not sure in the column Decision, and a reason in the next: from the list or in your own words.",
        "In the reason, do not write a name, a number, a birth date or a postcode: such a row is refused when the file comes back.",
        "If you do not know, choose not sure or leave the cell empty. A child that is counted twice can be mended later; two children that were made one cannot.",
        "Twins and siblings share a surname, an address and often a day of birth. Say same only if the forenames can be one child's, or a number agrees.",
        "A pupil number that differs is a strong sign of two children. Children who are adopted or at risk are given a new number so that nobody finds the old one: such pairs are not listed here. If you believe that a pair is one, say different and tell your data protection officer.",
        "Evidence is given in bits: each bit more makes it twice as likely that the two are one, each bit less half as likely. Each field counts in the light of those before it.",
        "You may sort and filter rows, and move or hide columns. Do not change cells other than Decision and Reason: a row whose other cells were changed is refused.",
        "When you are done: throughline link review --import THIS-FILE.xlsx. Rows that no longer fit what is known are refused one by one; ask for a new file then.",
        "This file holds children's names. Keep it where you may keep such files, send it by no mail, and delete it once it has been imported.",
    ];
    for (at, line) in lines.iter().enumerate() {
        out.write_string_with_format(at as u32 + 2, 0, *line, &wrap)?;
    }
    out.set_active(true);
    Ok(())
}
