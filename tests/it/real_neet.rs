//! The published NEET and not-known figures of 2022 and 2023, come by again from their own parts: each authority's two
//! rates, the authorities of a region, the regions' country, groups by need, and one year after the other. Read where
//! `THROUGHLINE_REAL_DATA` names their folder; without it each test says that it was skipped.
use crate::real_data::real;
use std::{collections::BTreeMap, path::Path};

/// Half of the last printed digit, twice over: what is printed and what it is made of are both rounded. In per cent.
const BOTH_ROUNDED: f64 = 0.1 + 1e-9;

type Row = BTreeMap<String, String>;

fn rows(folder: &Path, year: i32) -> Vec<Row> {
    let path = folder.join(format!("UD_NEETNK_LA_dashboard_{year}_final.csv"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> =
        reader.headers().unwrap().iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    reader.records().map(|record| names.iter().cloned().zip(cells(record.unwrap())).collect()).collect()
}

/// A figure; none where a symbol stands in its place.
fn figure(row: &Row, column: &str) -> Option<f64> {
    row[column].parse().ok()
}

fn at<'a>(rows: &'a [Row], level: &'a str) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| row["geographic_level"] == level)
}

/// A rate of several areas together: of their numerators and denominators, not a mean of rates.
fn together<'a>(rows: impl Iterator<Item = &'a Row>, rate: &str) -> f64 {
    let (mut numerator, mut denominator) = (0.0, 0.0);
    for row in rows {
        let cohort = figure(row, "Cohort_DJFavg").unwrap();
        numerator += cohort * figure(row, rate).unwrap();
        denominator += cohort;
    }
    numerator / denominator
}

const RATES: [&str; 3] = ["NEET_not_known_percent", "NEET_percent", "Notknown_percent"];

#[test]
fn not_in_education_and_not_known_make_the_published_headline() {
    let Some(folder) = real("neet") else { return };
    for year in [2022, 2023] {
        let rows = rows(&folder, year);
        assert_eq!(
            ["National", "Regional", "Local authority"].map(|level| at(&rows, level).count()),
            [1, 9, 150]
        );
        for row in &rows {
            let [combined, neet, not_known] = RATES.map(|rate| figure(row, rate).unwrap());
            assert!((combined - neet - not_known).abs() < BOTH_ROUNDED, "{year} {}", row["la_name"]);
        }
    }
}

/// To the printed digit for the country, whose authorities' rounding cancels out; within rounding for each region.
#[test]
fn authorities_make_their_region_and_the_country() {
    let Some(folder) = real("neet") else { return };
    let printed = [(2022, [4.7, 2.6, 2.2], 1_208_392.7), (2023, [5.2, 2.8, 2.4], 1_236_365.0)];
    for (year, england, cohort) in printed {
        let rows = rows(&folder, year);
        let national = at(&rows, "National").next().unwrap();
        for (rate, expected) in RATES.into_iter().zip(england) {
            assert!((figure(national, rate).unwrap() - expected).abs() < 1e-9, "{year} {rate}");
            let derived = together(at(&rows, "Local authority"), rate);
            assert!(((derived * 10.0).round() / 10.0 - expected).abs() < 1e-9, "{year} {rate}: {derived}");
            for region in at(&rows, "Regional") {
                let own =
                    at(&rows, "Local authority").filter(|row| row["region_code"] == region["region_code"]);
                let derived = together(own, rate);
                let published = figure(region, rate).unwrap();
                assert!(
                    (derived - published).abs() < BOTH_ROUNDED,
                    "{year} {rate} {}: {derived}",
                    region["region_name"]
                );
            }
        }
        // Two authorities are too small to be shown by themselves and are in the country's cohort.
        let shown: f64 = at(&rows, "Local authority").map(|row| figure(row, "Cohort_DJFavg").unwrap()).sum();
        let published = figure(national, "Cohort_DJFavg").unwrap();
        assert!((published - cohort).abs() < 1e-6);
        assert!(published > shown && published - shown < 100.0, "{year}: {shown} of {published}");
    }
}

#[test]
fn groups_by_need_make_the_headline_and_vulnerable_groups_their_share() {
    let Some(folder) = real("neet") else { return };
    for (year, least) in [(2022, 154), (2023, 149)] {
        let rows = rows(&folder, year);
        let (mut by_need, mut vulnerable) = (0, 0);
        for row in &rows {
            let parts: Option<Vec<(f64, f64)>> = ["noSEN", "EHCP", "SENDsupport"]
                .iter()
                .map(|group| {
                    let share = figure(row, &format!("cohort_{group}_percent"))?;
                    Some((share, figure(row, &format!("NEET_NK_{group}_percent"))?))
                })
                .collect();
            if let Some(parts) = parts {
                let derived: f64 = parts.iter().map(|(share, rate)| share * rate / 100.0).sum();
                let published = figure(row, "NEET_not_known_percent").unwrap();
                assert!((derived - published).abs() < BOTH_ROUNDED, "{year} {}: {derived}", row["la_name"]);
                by_need += 1;
            }
            if let (Some(group), Some(share)) =
                (figure(row, "VG_cohort_DJF_avg"), figure(row, "VG_cohort_percentage"))
            {
                let derived = 100.0 * group / figure(row, "Cohort_DJFavg").unwrap();
                assert!((derived - share).abs() < BOTH_ROUNDED, "{year} {}: {derived}", row["la_name"]);
                vulnerable += 1;
            }
        }
        assert_eq!(by_need, least, "{year}: rows with all three groups");
        assert!(vulnerable >= 158, "{year}: {vulnerable} rows with vulnerable groups");
    }
}

#[test]
fn one_year_after_the_other_makes_the_change() {
    let Some(folder) = real("neet") else { return };
    let place =
        |row: &Row| (row["geographic_level"].clone(), row["region_code"].clone(), row["new_la_code"].clone());
    let before: BTreeMap<_, Row> = rows(&folder, 2022).into_iter().map(|row| (place(&row), row)).collect();
    let changes = ["annual_change_ppts_NEET_not_known", "annualchange_NEET", "annualchange_notknown"];
    let mut compared = 0;
    for row in rows(&folder, 2023) {
        let earlier = &before[&place(&row)];
        for (rate, change) in RATES.into_iter().zip(changes) {
            if let Some(published) = figure(&row, change) {
                let derived = figure(&row, rate).unwrap() - figure(earlier, rate).unwrap();
                assert!((derived - published).abs() < BOTH_ROUNDED, "{} {rate}: {derived}", row["la_name"]);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 480, "every area, all three figures");
}
