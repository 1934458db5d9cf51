//! Names of what a column becomes, and columns that whoever asked has named.
use super::{
    header::HeaderText,
    matching::Match,
    vocabulary::{Family, Target},
};
use crate::definitions::{
    Definitions,
    connector::{CellOrigin, fold},
};

/// `surname`, `placement.starts_on`, `assessment.score (sdq, baseline)`.
pub(super) fn name_of(target: Target, family: &Family, definitions: &Definitions) -> String {
    match target {
        Target::Identity(at) => definitions.identity.fields[at].0.to_string(),
        Target::Column(block, column) => {
            let block = &family.blocks[block];
            let plan = &definitions.plans[block.entity];
            let mut fixed: Vec<&str> = Vec::new();
            for (_, cell) in &block.fixed {
                if let CellOrigin::Const(text) = &cell.origin {
                    fixed.push(text);
                }
            }
            // Those that tell the blocks apart stand first: what it is, and of what.
            fixed.retain(|text| !matches!(*text, "tested" | "PASS"));
            let more = if fixed.is_empty() { String::new() } else { format!(" ({})", fixed.join(", ")) };
            format!("{}.{}{more}", plan.name, plan.columns[column].name)
        }
    }
}

/// Puts the columns that were named by hand in place of what was worked out.
pub(super) fn obey(
    set: &[(String, String)],
    family: &Family,
    definitions: &Definitions,
    headers: &[HeaderText],
    matches: &mut Vec<Match>,
) {
    for (name, place) in set {
        let slot = family.slots.iter().position(|slot| {
            let full = name_of(slot.lead, family, definitions);
            let short = full.split(['.']).next_back().unwrap_or(&full);
            *name == full || name == short
        });
        let Some(slot) = slot else { continue };
        matches.retain(|found| found.slot != slot);
        if let Some(column) = column_of(place, headers) {
            matches.retain(|found| found.column != column);
            matches.push(Match { column, slot, score: 1.0, name: 1.0, cells: 1.0 });
        }
    }
    matches.sort_by_key(|found| found.column);
}

/// A column by its header or by `#n`; none where nothing is so called (or `-`: not read at all).
fn column_of(place: &str, headers: &[HeaderText]) -> Option<usize> {
    if let Some(position) = place.strip_prefix('#').and_then(|n| n.parse::<usize>().ok()) {
        return position.checked_sub(1);
    }
    let folded = fold(place);
    let whole = headers.iter().position(|text| text.folded == folded && !folded.is_empty());
    whole.or_else(|| headers.iter().position(|text| text.own == folded && !folded.is_empty()))
}

/// The file names to come: which pattern, and what it captures.
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) captures: Vec<String>,
}

/// Works a pattern out of one file's name: known words and a year stand as they are, the rest is anything.
pub(super) fn pattern_of(file_name: &str, extension: &str, family: &Family) -> Pattern {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem).to_lowercase();
    let Some((start, end, years)) = year_in(&stem) else {
        return Pattern { text: format!("*.{extension}"), captures: Vec::new() };
    };
    let (before, after) = (&stem[..start], &stem[end..]);
    let before = if before.is_empty() || family.file_words.contains(before) {
        before.to_owned()
    } else {
        // Somebody's name may stand there; what separates it from the year may stay.
        let mark = before.chars().next_back().filter(|c| matches!(c, ' ' | '_' | '-'));
        format!("*{}", mark.map(String::from).unwrap_or_default())
    };
    let after = if after.is_empty() { "" } else { "*" };
    let captures = ["from", "to", "year"].into_iter().filter(|name| years.contains(&format!("{{{name}}}")));
    let captures = captures.map(str::to_owned).collect();
    Pattern { text: format!("{before}{years}{after}.{extension}"), captures }
}

/// Where a school year or a year stands in a text: `2023-24`, `2023_2024`, `2024`.
fn year_in(text: &str) -> Option<(usize, usize, String)> {
    let bytes = text.as_bytes();
    let digits = |from: usize, n: usize| {
        bytes.get(from..from + n).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
            && bytes.get(from + n).is_none_or(|next| !next.is_ascii_digit())
    };
    let start = (0..bytes.len()).find(|at| {
        let begins = *at == 0 || !bytes[at - 1].is_ascii_digit();
        begins && digits(*at, 4) && bytes[*at..].starts_with(b"20")
    })?;
    let mark = bytes.get(start + 4).copied().map(char::from).filter(|mark| matches!(mark, '-' | '_'));
    match mark {
        Some(mark) if digits(start + 5, 2) => Some((start, start + 7, format!("{{from}}{mark}{{to}}"))),
        Some(mark) if digits(start + 5, 4) => Some((start, start + 9, format!("{{from}}{mark}20{{to}}"))),
        _ => Some((start, start + 4, "{year}".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_in_file_names() {
        let year = |text: &str| year_in(text).map(|(.., years)| years);
        assert_eq!(year("placements_2023-24").as_deref(), Some("{from}-{to}"));
        assert_eq!(year("list 2023_2024 final").as_deref(), Some("{from}_20{to}"));
        assert_eq!(year("ks2_2019").as_deref(), Some("{year}"));
        assert_eq!(year("register (copy 2)"), None);
        assert_eq!(year("h801200001001"), None);
    }
}
