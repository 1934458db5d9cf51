//! The rules by which the statistics service screens a data file and its metadata, as its screener publishes them: those that a file
//! can be held to without the service's lists of places, and without which it fails. What only advises is left to people.
use std::collections::BTreeSet;

type Lines = [Vec<String>];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DATA_COLUMNS: [&str; 5] =
    ["time_period", "time_identifier", "geographic_level", "country_code", "country_name"];
const META_COLUMNS: [&str; 9] = [
    "col_name",
    "col_type",
    "label",
    "indicator_grouping",
    "indicator_unit",
    "indicator_dp",
    "filter_hint",
    "filter_grouping_column",
    "filter_default",
];
/// Columns that say when and where, which no metadata describe: those that a file here can have.
const OF_TIME_AND_PLACE: [&str; 10] = [
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "new_la_code",
    "old_la_code",
    "la_name",
];
/// A filter so called is taken for a column of places, alone or before one of [`ENDS`].
const PLACES: [&str; 14] =
    ["sch", "prov", "inst", "estab", "reg", "la", "local", "rsc", "pcon", "lep", "mca", "oa", "ward", "mat"];
const ENDS: [&str; 7] = ["name", "code", "urn", "ukprn", "number", "upin", "id"];
const PLACES_ALONE: [&str; 28] = [
    "laestab",
    "estab",
    "sch",
    "school",
    "schools",
    "prov",
    "provider",
    "providers",
    "inst",
    "institution",
    "institutions",
    "name",
    "code",
    "urn",
    "ukprn",
    "number",
    "upin",
    "id",
    "region",
    "la",
    "lad",
    "rsc",
    "pcon",
    "lep",
    "mca",
    "ward",
    "mat",
    "oa",
];
/// What an indicator is not called after: those are values of a filter.
const OF_FILTERS: [&str; 17] = [
    "male",
    "asian",
    "chinese",
    "indian",
    "pakistani",
    "bangladeshi",
    "black",
    "african",
    "caribbean",
    "white",
    "roma",
    "irish",
    "english",
    "british",
    "scottish",
    "welsh",
    "arab",
];

/// Fails where a file does not pass.
pub fn passes(name: &str, data: &Lines, meta: &Lines) {
    let found =
        [of_names(name, data, meta), of_time(data), of_meta(data, meta), of_cells(data, meta)].concat();
    assert!(found.is_empty(), "{name}: {found:?}");
}

fn column<'a>(lines: &'a Lines, name: &str) -> Vec<&'a str> {
    let at = lines[0].iter().position(|column| column == name);
    at.map_or_else(Vec::new, |at| lines[1..].iter().map(|line| line[at].as_str()).collect())
}

/// The names of columns whose metadata say that they are so.
fn of_type<'a>(meta: &'a Lines, kind: &str) -> Vec<&'a str> {
    let types = column(meta, "col_type");
    column(meta, "col_name")
        .into_iter()
        .zip(types)
        .filter(|(_, of)| *of == kind)
        .map(|(name, _)| name)
        .collect()
}

fn wrong(is: bool, what: impl FnOnce() -> String) -> Option<String> {
    is.then(what)
}

fn of_names(name: &str, data: &Lines, meta: &Lines) -> Vec<String> {
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let is_snake = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let header = &data[0];
    let once: BTreeSet<&String> = header.iter().collect();
    let is_place = |filter: &str| {
        PLACES_ALONE.contains(&filter)
            || PLACES
                .iter()
                .any(|place| filter.starts_with(place) && ENDS.iter().any(|end| filter.ends_with(end)))
    };
    let mut found: Vec<Option<String>> = vec![
        wrong(!is_plain(name), || "the file's name has other characters".to_owned()),
        wrong(once.len() != header.len(), || "a column is there twice".to_owned()),
        wrong(meta.len() - 1 > header.len() - DATA_COLUMNS.len(), || {
            "more is described than there is".to_owned()
        }),
        wrong(meta[0].iter().any(|column| !META_COLUMNS.contains(&column.as_str())), || {
            "the metadata have another column".to_owned()
        }),
    ];
    found.extend(DATA_COLUMNS.iter().map(|required| {
        wrong(!header.iter().any(|column| column == required), || format!("{required} is missing"))
    }));
    found.extend(META_COLUMNS[..8].iter().map(|required| {
        wrong(!meta[0].iter().any(|column| column == required), || format!("{required} is missing"))
    }));
    found.extend(header.iter().map(|column| {
        wrong(!is_snake(column) || column.len() > 50, || format!("the column {column} is not called so"))
    }));
    found.extend(of_type(meta, "Filter").into_iter().map(|filter| {
        let is_one = is_place(filter) || filter.starts_with("characteristic");
        wrong(is_one, || format!("the filter {filter} is taken for a place"))
    }));
    found.extend(of_type(meta, "Indicator").into_iter().map(|indicator| {
        let is_one = OF_FILTERS.iter().any(|word| indicator.contains(word));
        wrong(is_one, || format!("the indicator {indicator} is called after a value of a filter"))
    }));
    found.into_iter().flatten().collect()
}

fn of_time(data: &Lines) -> Vec<String> {
    let identifiers: BTreeSet<&str> = column(data, "time_identifier").into_iter().collect();
    let are_years = identifiers.iter().all(|one| *one == "Academic year");
    let are_months = identifiers.iter().all(|one| MONTHS.contains(one));
    let digits = if are_years { 6 } else { 4 };
    let mut found = vec![wrong(!are_years && !are_months, || format!("times are mixed: {identifiers:?}"))];
    found.extend(column(data, "time_period").into_iter().map(|period| {
        let number = |from: usize| period.get(from..from + 2).and_then(|two| two.parse::<u32>().ok());
        let is_number = period.len() == digits && period.bytes().all(|byte| byte.is_ascii_digit());
        let follows =
            digits == 4 || number(2).zip(number(4)).is_some_and(|(one, next)| (one + 1) % 100 == next);
        wrong(!is_number || !follows, || format!("{period} is no period"))
    }));
    found.into_iter().flatten().collect()
}

fn of_meta(data: &Lines, meta: &Lines) -> Vec<String> {
    let header = &data[0];
    let (filters, indicators) = (of_type(meta, "Filter"), of_type(meta, "Indicator"));
    let labels = column(meta, "label");
    let once: BTreeSet<&str> = labels.iter().copied().collect();
    let mut found = vec![
        wrong(filters.len() + indicators.len() != meta.len() - 1, || {
            "something is neither filter nor indicator".to_owned()
        }),
        wrong(once.len() != labels.len() || labels.contains(&""), || {
            "a label is empty or there twice".to_owned()
        }),
        wrong(labels.iter().any(|label| label.chars().count() > 100), || "a label is too long".to_owned()),
    ];
    for line in &meta[1..] {
        let cell = |name: &str| {
            let at = meta[0].iter().position(|column| column == name);
            at.map_or("", |at| line[at].as_str())
        };
        let (name, is_filter) = (cell("col_name"), cell("col_type") == "Filter");
        let others = if is_filter {
            ["indicator_grouping", "indicator_unit", "indicator_dp"]
        } else {
            ["filter_hint", "filter_grouping_column", "filter_default"]
        };
        found.push(wrong(!header.iter().any(|column| column == name), || {
            format!("{name} is not in the data")
        }));
        found.push(wrong(OF_TIME_AND_PLACE.contains(&name), || format!("{name} is not to be described")));
        found.push(wrong(others.iter().any(|other| !cell(other).is_empty()), || {
            format!("{name} says what only the other kind does")
        }));
        let is_unit = ["", "%", "pp", "£", "£m", "numberstring"].contains(&cell("indicator_unit"));
        found.push(wrong(!is_unit, || format!("{name} has an unknown unit")));
        let has_places = is_filter || cell("indicator_dp").parse::<u8>().is_ok();
        found.push(wrong(!has_places, || format!("{name} does not say how many decimals")));
        if is_filter {
            let values: BTreeSet<&str> = column(data, name).into_iter().collect();
            let default = if cell("filter_default").is_empty() { "Total" } else { cell("filter_default") };
            found.push(wrong(values.len() < 2, || format!("the filter {name} has one level")));
            found.push(wrong(!values.contains(default), || format!("the filter {name} has no {default}")));
            found.push(wrong(values.contains(""), || format!("the filter {name} has empty cells")));
            found.push(wrong(values.iter().any(|value| value.trim() != *value), || {
                format!("the filter {name} has spaces about it")
            }));
        }
    }
    // Whatever is not described says when or where, or one thing in every row.
    for column_name in header.iter().filter(|name| !OF_TIME_AND_PLACE.contains(&name.as_str())) {
        let is_described = meta[1..].iter().any(|line| line[0] == *column_name);
        let values: BTreeSet<&str> = column(data, column_name).into_iter().collect();
        found.push(wrong(!is_described && values.len() > 1, || format!("{column_name} is not described")));
    }
    found.into_iter().flatten().collect()
}

fn of_cells(data: &Lines, meta: &Lines) -> Vec<String> {
    let mut found = Vec::new();
    for text in data.iter().chain(meta).flatten() {
        found.push(wrong(["NA", "na", "Null", "null", "NULL"].contains(&text.as_str()), || {
            format!("{text} is there")
        }));
    }
    for text in data[1..].iter().flatten() {
        let is_old = ["N/A", "n/a", ".", "..", "-", ":", "~"].contains(&text.as_str());
        found.push(wrong(is_old, || format!("the symbol {text} is out of use")));
    }
    let key: Vec<usize> = (0..data[0].len())
        .filter(|at| {
            let name = data[0][*at].as_str();
            OF_TIME_AND_PLACE.contains(&name) || of_type(meta, "Filter").contains(&name)
        })
        .collect();
    let keys: BTreeSet<Vec<&str>> =
        data[1..].iter().map(|row| key.iter().map(|at| row[*at].as_str()).collect()).collect();
    found.push(wrong(keys.len() != data.len() - 1, || "a row is there twice".to_owned()));
    for row in &data[1..] {
        found.push(wrong(row.len() != data[0].len() || row.iter().all(String::is_empty), || {
            "a row is short".to_owned()
        }));
    }
    for indicator in of_type(meta, "Indicator") {
        for cell in column(data, indicator) {
            let is_figure = cell.parse::<f64>().is_ok() || ["c", "low", "x", "z"].contains(&cell);
            found.push(wrong(!is_figure, || format!("{indicator} has {cell:?}")));
        }
    }
    let is_area =
        |code: &str| code == "x" || code.len() == 9 && code[1..].bytes().all(|byte| byte.is_ascii_digit());
    let of_places =
        [("country_code", "country_name"), ("region_code", "region_name"), ("new_la_code", "la_name")];
    for (code, name) in of_places {
        for (code, name) in column(data, code).into_iter().zip(column(data, name)) {
            let says_so = (code == "x") == (name == "Not available");
            found.push(wrong(!is_area(code) || !says_so, || format!("{code} and {name} are no place")));
        }
    }
    found.push(wrong(
        column(data, "geographic_level").iter().any(|level| *level != "Local authority"),
        || "a level is not that of an authority".to_owned(),
    ));
    found.push(wrong(column(data, "old_la_code").iter().any(|code| code.len() != 3), || {
        "an authority has no number".to_owned()
    }));
    found.into_iter().flatten().collect()
}

/// What is wrong is found, each rule by itself.
#[test]
fn a_file_that_breaks_a_rule_does_not_pass() {
    let lines = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let data = "time_period,time_identifier,geographic_level,country_code,country_name,new_la_code,old_la_code,la_name,group,learners,rate\n\
                202526,Academic year,Local authority,E92000001,England,x,998,Not available,Total,40,c\n\
                202526,Academic year,Local authority,E92000001,England,x,998,Not available,some,25,37.5";
    let meta = "col_name,col_type,label,indicator_grouping,indicator_unit,indicator_dp,filter_hint,filter_grouping_column,filter_default\n\
                group,Filter,Group,,,,,,Total\n\
                learners,Indicator,Learners,,,0,,,\n\
                rate,Indicator,Rate,,%,1,,,";
    let screened = |name: &str, data: &str, meta: &str| {
        let (data, meta) = (lines(data), lines(meta));
        [of_names(name, &data, &meta), of_time(&data), of_meta(&data, &meta), of_cells(&data, &meta)].concat()
    };
    assert_eq!(screened("rates", data, meta), Vec::<String>::new());
    assert!(!screened("rates of 2026", data, meta).is_empty());
    for (from, to) in [
        ("group", "ward"),
        ("group", "provider_id"),
        ("learners", "learners_male"),
        ("rate", "Rate"),
        (",rate", ",learners"),
        ("202526,Academic", "202527,Academic"),
        ("202526,Academic year", "2025,March"),
        ("Local authority", "Local area"),
        ("998", "98"),
        ("x,998", "E0900000,998"),
        ("Not available", "Tarnshire"),
        ("Total,40", "some,40"),
        ("some,25", ",25"),
        ("some,25", "some ,25"),
        ("25,37.5", ":,37.5"),
        ("25,37.5", "1 025,37.5"),
        ("some", "NULL"),
    ] {
        let both = if ["group", "learners", "rate"].contains(&from) {
            meta.replace(from, to)
        } else {
            meta.to_owned()
        };
        let found = screened("rates", &data.replacen(from, to, if both == meta { 1 } else { 9 }), &both);
        assert!(!found.is_empty(), "{from} as {to}");
    }
    for (from, to) in [
        ("group,Filter", "group,Breakdown"),
        ("Learners", "Rate"),
        (",Filter,Group,,,", ",Filter,Group,,%,"),
        ("Rate,,%,1", "Rate,,per cent,1"),
        ("Rate,,%,1", "Rate,,%,"),
        ("Learners,,,0,", "Learners,,,0,hint"),
        (",,,,,Total", ",,,,,All"),
        ("learners,Indicator", "pupils,Indicator"),
        ("filter_hint", "hint"),
    ] {
        assert!(!screened("rates", data, &meta.replacen(from, to, 1)).is_empty(), "{from} as {to}");
    }
    let one = data.replace("some", "Total");
    assert!(screened("rates", &one, meta).iter().any(|found| found.contains("one level")));
}
