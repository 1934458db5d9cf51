use super::{
    Exit, Halt, Verdict, pull,
    screen::{Screen, counted, table, thousands, wrap},
};
use crate::{
    config::Settings,
    lake::Coverage,
    pipeline::{self, CohortOutlook, Lack, Outlook, Site, Sorting},
};
use chrono::{Local, NaiveDate};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Reads a folder of past files, and says which years and cohorts they cover.
pub(super) fn backload(
    settings: Settings,
    dir: &Path,
    sources: &[String],
    dry_run: bool,
    screen: &Screen,
) -> Verdict {
    for name in sources {
        if !settings.sources.iter().any(|source| source.name.as_str() == name) {
            let words = format!("there is no source `{name}` in {}", settings.file.display());
            return Err(Halt::new(Exit::Usage, words));
        }
    }
    let until = settings.as_of.unwrap_or_else(|| Local::now().date_naive());
    let mut site = if dry_run { Site::open(settings)? } else { Site::open_to_write(settings, "backload")? };
    let sorting = pipeline::sort(&site, dir, sources)
        .map_err(|error| Halt::new(Exit::Usage, format!("{} cannot be listed: {error}", dir.display())))?;
    screen.result(&sorting_words(&sorting));
    if !sorting.contested.is_empty() {
        return Err(Halt::new(Exit::Usage, contested(&sorting)));
    }
    if dry_run {
        screen.document(&json!({ "files": sorting_json(&sorting) }));
        return Ok(Exit::Done);
    }
    let report = {
        let mut bar = screen.bar();
        pipeline::backload(&mut site, dir, &sorting, &mut bar)?
    };
    screen.result(&format!("\n{}", pull::pull_words(&report)));
    let coverage = pipeline::coverage(&site, until)?;
    let outlooks = pipeline::outlooks(&site.definitions.needs, &site.definitions.policy, &coverage, until);
    screen.result(&coverage_words(&coverage));
    screen.result(&cohort_words(&outlooks, until));
    screen.document(&json!({ "files": sorting_json(&sorting), "pull": pull::pull_json(&report),
        "coverage": coverage_json(&coverage), "cohorts": outlooks.iter().map(outlook_json).collect::<Vec<_>>() }));
    Ok(if sorting.unknown.is_empty() { pull::verdict(&report) } else { pull::verdict(&report).or_partly() })
}

/// How many files go where. No file names: they may hold a child's.
fn sorting_words(sorting: &Sorting) -> String {
    let rows =
        sorting.fits.iter().map(|(source, files)| vec![source.to_string(), thousands(files.len() as u64)]);
    let mut words = table(&["source", "files"], rows.collect(), &[1]);
    if !sorting.unknown.is_empty() {
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        for path in &sorting.unknown {
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or("without ending");
            *kinds.entry(kind.to_lowercase()).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.into_iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        let said = format!(
            "{} no source: {}. A source reads the file names that its connector gives; `throughline map FILE` looks at an unknown sheet.",
            counted(sorting.unknown.len() as u64, "file fits", "files fit"),
            kinds.join(", ")
        );
        words.push_str("\n\n");
        words.push_str(&wrap(&said, 0));
    }
    words
}

fn contested(sorting: &Sorting) -> String {
    let pairs: BTreeSet<String> = sorting
        .contested
        .iter()
        .map(|(_, readers)| readers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))
        .collect();
    format!(
        "{} more than one source ({}): name those that should read them with --source",
        counted(sorting.contested.len() as u64, "file fits", "files fit"),
        pairs.into_iter().collect::<Vec<_>>().join("; ")
    )
}

/// Records by source, item and academic year, then the columns that are often empty.
fn coverage_words(coverage: &Coverage) -> String {
    let years: BTreeSet<i32> = coverage.0.values().flat_map(BTreeMap::keys).copied().collect();
    let Some(last) = years.last() else { return String::new() };
    // As many as fit on a line; what is older stands in the JSON document.
    let shown: Vec<i32> = years.iter().copied().filter(|year| *year > last - 8).collect();
    let mut header = vec!["source".to_owned(), "what".to_owned()];
    header.extend(shown.iter().map(|year| format!("{:02}/{:02}", (year - 1) % 100, year % 100)));
    let rows = coverage.0.iter().map(|(item, held)| {
        let what =
            if item.kind.is_empty() { item.entity.clone() } else { format!("{} {}", item.entity, item.kind) };
        let mut row = vec![item.source.clone(), what.replace('_', " ")];
        row.extend(
            shown.iter().map(|year| held.get(year).map_or_else(|| "-".to_owned(), |h| thousands(h.records))),
        );
        row
    });
    let right: Vec<usize> = (2..header.len()).collect();
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    format!(
        "\nRecords by academic year, as received ({} in all; older years with --json):\n{}",
        counted(years.len() as u64, "year", "years"),
        table(&names, rows.collect(), &right)
    )
}

fn cohort_words(outlooks: &[CohortOutlook], until: NaiveDate) -> String {
    let rows = outlooks.iter().map(|cohort| {
        let outlook = match cohort.outlook {
            Outlook::Whole => "can be built",
            Outlook::WithGaps => "can be built, with gaps",
            Outlook::UnderWay => "under way",
            Outlook::Not => "cannot be built",
        };
        let why = cohort.lacks.iter().map(|lack| lack_words(lack, cohort.outlook)).collect::<Vec<_>>();
        vec![format!("{}/{:02}", cohort.year - 1, cohort.year % 100), outlook.to_owned(), why.join("; ")]
    });
    format!(
        "\nCohorts by the year in which they ended Year 6, as of {until}:\n{}",
        table(&["Year 6", "outlook", "what is missing or thin"], rows.collect(), &[])
    )
}

fn lack_words(lack: &Lack, outlook: Outlook) -> String {
    let must =
        if lack.must && outlook == Outlook::Not && !lack.missing.is_empty() { " (needed)" } else { "" };
    let not_held = format!("{} of {}: none were held", lack.words, years(&lack.not_held));
    let lacking = match (lack.missing.as_slice(), lack.thin.as_slice()) {
        ([], []) => return not_held,
        (missing, []) => format!("no {}{must} in {}", lack.words, years(missing)),
        ([], thin) => format!("few {} in {}", lack.words, years(thin)),
        (missing, thin) => format!("no {}{must} in {}, few in {}", lack.words, years(missing), years(thin)),
    };
    if lack.not_held.is_empty() { lacking } else { format!("{lacking}; {not_held}") }
}

/// `2019, 2021 to 2023`.
fn years(years: &[i32]) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for year in years {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *year => *last = *year,
            _ => runs.push((*year, *year)),
        }
    }
    let words = runs.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first} to {last}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn sorting_json(sorting: &Sorting) -> serde_json::Value {
    let fits: serde_json::Map<String, serde_json::Value> =
        sorting.fits.iter().map(|(source, files)| (source.to_string(), json!(files.len()))).collect();
    json!({ "by_source": fits, "unknown": sorting.unknown.len(), "contested": sorting.contested.len() })
}

fn coverage_json(coverage: &Coverage) -> serde_json::Value {
    let lines: Vec<_> = coverage
        .0
        .iter()
        .flat_map(|(item, held)| {
            held.iter().map(move |(year, held)| {
                json!({ "source": item.source, "entity": item.entity, "kind": item.kind, "year": year,
                        "records": held.records, "filled": held.filled })
            })
        })
        .collect();
    json!(lines)
}

fn outlook_json(cohort: &CohortOutlook) -> serde_json::Value {
    let lacks: Vec<_> = cohort
        .lacks
        .iter()
        .map(|lack| {
            json!({ "what": lack.words, "must": lack.must, "missing": lack.missing, "thin": lack.thin,
                             "not_held": lack.not_held })
        })
        .collect();
    json!({ "year": cohort.year, "outlook": cohort.outlook.word(), "lacks": lacks })
}
