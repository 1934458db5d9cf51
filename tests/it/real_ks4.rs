//! Published tables of key stage 4, come by again from their own parts to the printed digit: destinations of leavers, Attainment 8 of
//! children in need, the disadvantaged among all pupils. Read where `THROUGHLINE_REAL_DATA` names their folder; without it each
//! test says that it was skipped.
use crate::{real_data::real, site::column_texts};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

type Row = BTreeMap<String, String>;

/// A file of a folder as rows, where there is one.
fn rows(folder: &str, file: &str) -> Option<Vec<Row>> {
    let path: PathBuf = real(folder)?.join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> =
        reader.headers().unwrap().iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let row =
        |record: csv::StringRecord| names.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
    Some(reader.records().map(|record| row(record.unwrap())).collect())
}

/// A decimal in hundredths; none where a symbol stands in its place.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{rest:0<2}");
    (rest.len() <= 2 && !whole.is_empty()).then(|| digits.parse().ok()).flatten()
}

fn number(row: &Row, column: &str) -> Option<i64> {
    row[column].parse().ok()
}

/// `n` of `whole` in tenths, half of one up: as it is printed with one decimal when `n` is in hundredths per `scale`.
fn tenths(n: i64, whole: i64) -> i64 {
    (20 * n + whole) / (2 * whole)
}

/// The tenths that a printed figure stands for.
fn printed(text: &str) -> Option<i64> {
    hundredths(text).filter(|value| value % 10 == 0).map(|value| value / 10)
}

#[test]
fn destinations_add_up_and_make_their_percentages() {
    let Some(rows) = rows("dfe_ees", "ks4_dm_ud_202122_nat_prov.csv") else { return };
    let place = |row: &Row| {
        let names = ["time_period", "institution_group", "institution_type", "breakdown_topic", "breakdown"];
        names.map(|name| row[name].clone())
    };
    let is_count = |row: &&Row| row["data_type"] == "Number of pupils";
    let percentages: BTreeMap<_, &Row> =
        rows.iter().filter(|row| !is_count(row)).map(|row| (place(row), row)).collect();
    let mut compared = 0;
    for row in rows.iter().filter(is_count) {
        let get = |column: &str| number(row, column).unwrap_or_else(|| panic!("{:?} {column}", place(row)));
        assert_eq!(
            get("cohort"),
            get("overall") + get("all_notsust") + get("all_unknown"),
            "{:?}",
            place(row)
        );
        assert_eq!(get("overall"), get("education") + get("appren") + get("all_work"), "{:?}", place(row));
        for column in ["overall", "education", "appren", "all_work", "all_notsust", "all_unknown"] {
            let share = tenths(100 * get(column), get("cohort"));
            // More than nobody, and yet nothing with one decimal.
            let told = match percentages[&place(row)][column].as_str() {
                "low" if get(column) > 0 => Some(0),
                figure => printed(figure),
            };
            assert_eq!(Some(share), told, "{:?} {column}", place(row));
            compared += 1;
        }
    }
    assert_eq!(compared, 1_966 * 6);
    // Whoever left alternative provision in summer 2013, and what became of others: as they are cited everywhere.
    let leavers = |year: &str, group: &str, topic: &str, breakdown: &str| {
        let found =
            rows.iter().filter(is_count).find(|row| place(row) == [year, group, "Total", topic, breakdown]);
        let row = found.unwrap_or_else(|| panic!("{year} {group} {breakdown}"));
        ["cohort", "overall", "all_notsust", "all_unknown"].map(|column| number(row, column).unwrap())
    };
    let provision = leavers("201314", "Alternative provision", "Total", "Total");
    assert_eq!(provision, [9_750, 5_299, 3_660, 791]);
    assert_eq!(provision.map(|n| tenths(100 * n, 9_750)), [1_000, 543, 375, 81]);
    let [cohort, sustained, ..] = leavers("202021", "State-funded mainstream schools", "Total", "Total");
    assert_eq!((cohort, tenths(100 * sustained, cohort)), (550_634, 941));
    let plan = "Statement of SEN/Education Health and Care plan";
    let [cohort, sustained, ..] =
        leavers("202021", "State-funded mainstream & special schools", "SEN Provision", plan);
    assert_eq!((cohort, sustained, tenths(100 * sustained, cohort)), (22_236, 20_134, 905));
}

/// Authorities to the printed digit; regions and the country give pupils to the nearest ten, so that a figure is only bounded.
#[test]
fn points_over_pupils_make_attainment_8_of_every_authority() {
    let Some(rows) = rows("dfe_ees", "ks4_la.csv") else { return };
    let (mut exact, mut bounded) = (0, 0);
    for row in &rows {
        let (points, pupils) = (hundredths(&row["t_att8"]), number(row, "t_pupils"));
        let (Some(points), Some(pupils), Some(mean)) = (points, pupils, printed(&row["avg_att8"])) else {
            continue;
        };
        let place = format!(
            "{} {} {} {}",
            row["time_period"], row["region_name"], row["la_name"], row["social_care_group"]
        );
        if row["geographic_level"] == "Local authority" {
            assert_eq!(tenths(points, 100 * pupils), mean, "{place}");
            exact += 1;
        } else {
            let range = tenths(points, 100 * (pupils + 5))..=tenths(points, 100 * (pupils - 5));
            assert!(range.contains(&mean), "{place}: {mean} is not in {range:?}");
            bounded += 1;
        }
    }
    assert_eq!((exact, bounded), (2_917, 252));
    // A region's points are those of its authorities, where none of them is withheld.
    let mut regions: BTreeMap<[String; 3], Option<i64>> = BTreeMap::new();
    let place = |row: &Row| ["time_period", "social_care_group", "region_code"].map(|name| row[name].clone());
    for row in rows.iter().filter(|row| row["geographic_level"] == "Local authority") {
        let sum = regions.entry(place(row)).or_insert(Some(0));
        *sum = sum.zip(hundredths(&row["t_att8"])).map(|(sum, points)| sum + points);
    }
    let mut summed = 0;
    for row in rows.iter().filter(|row| row["geographic_level"] == "Regional") {
        if let Some(sum) = regions.get(&place(row)).copied().flatten() {
            assert_eq!(Some(sum), hundredths(&row["t_att8"]), "{:?}", place(row));
            summed += 1;
        }
    }
    assert_eq!(summed, 99);
}

/// Every printed share of the transition matrices is that of its counts, boys and girls make all pupils, and three rates give the
/// share of disadvantaged that the counts give.
#[test]
fn the_matrices_make_their_own_shares_and_totals() {
    let name = "2024_Key stage 2 to 4 transition matrices KS4 measures.csv";
    let Some(rows) = rows("dfe_ees", name) else { return };
    let measures = ["Basics_9-4", "Basics_9-5", "EBacc_9-4", "EBacc_9-5"];
    let counts = |row: &Row, measure: &str| {
        let get = |what: &str| number(row, &format!("{measure}_{what}"));
        Some((get("Achieved")?, get("Not_Achieved")?))
    };
    let mut compared = 0;
    for (row, measure) in rows.iter().flat_map(|row| measures.map(|measure| (row, measure))) {
        let Some((achieved, not)) = counts(row, measure).filter(|(one, other)| one + other > 0) else {
            continue;
        };
        let share = tenths(100 * achieved, achieved + not);
        let told = printed(&row[&format!("%_{measure}_Achieved")]);
        assert_eq!(Some(share), told, "{} {} {measure}", row["breakdown"], row["ks2_scaled_score_group"]);
        compared += 1;
    }
    assert!(compared > 400, "{compared} shares");
    let of = |breakdown: &str| {
        let found = rows.iter().find(|row| {
            row["establishment_type_group"] == "All state-funded"
                && row["breakdown"] == breakdown
                && row["ks2_scaled_score_group"] == "Total"
        });
        counts(found.unwrap(), "Basics_9-5").unwrap()
    };
    let (all, boys, girls) = (of("Total"), of("Boys"), of("Girls"));
    assert_eq!(all, (boys.0 + girls.0, boys.1 + girls.1));
    let (poor, other) = (of("Disadvantaged"), of("Disadvantaged all other"));
    let rate = |(achieved, not): (i64, i64)| achieved as f64 / (achieved + not) as f64;
    let by_rates = (rate(other) - rate(all)) / (rate(other) - rate(poor));
    let by_counts = (poor.0 + poor.1) as f64 / (all.0 + all.1) as f64;
    assert!((by_rates - by_counts).abs() < 1e-12);
    assert!((by_counts - 0.264_6).abs() < 5e-5, "{by_counts}");
}

/// Measure, year and area to the printed value.
fn long_table(folder: &Path) -> BTreeMap<(String, String, String), f64> {
    let file = File::open(folder.join("bds_long_0.parquet")).unwrap();
    let wanted = [
        "AVG_Attain8_Score",
        "DAP_KS4_ATT8",
        "NonDAP_KS4_ATT8",
        "16-17 NEET",
        "16-17_not known",
        "16-17_not known_NEET",
    ];
    let mut values = BTreeMap::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let [measures, years, areas, texts] =
            ["Short Desc", "Years", "LA and Regions", "Values"].map(|name| column_texts(&batch, name));
        for at in 0..batch.num_rows() {
            if let (true, Ok(value)) = (wanted.contains(&measures[at].as_str()), texts[at].parse()) {
                values.insert((measures[at].clone(), years[at].clone(), areas[at].clone()), value);
            }
        }
    }
    values
}

/// 2018/19: 36.7 of the disadvantaged and 50.3 of others make 46.7 of all, when 143,816 of 542,568 are disadvantaged: 26.5%.
#[test]
fn two_groups_make_attainment_8_of_all_and_two_rates_the_headline() {
    let Some(folder) = real("lait") else { return };
    let values = long_table(&folder);
    let get = |measure: &str, year: &str, area: &str| {
        values.get(&(measure.to_owned(), year.to_owned(), area.to_owned())).copied()
    };
    let england = |measure, year| get(measure, year, "England").unwrap();
    let (poor, other) = (143_816.0, 398_752.0);
    let [points_poor, points_other] =
        ["DAP_KS4_ATT8", "NonDAP_KS4_ATT8"].map(|measure| england(measure, "2019"));
    assert!((points_poor - 36.7_f64).abs() < 1e-9 && (points_other - 50.3_f64).abs() < 1e-9);
    let all: f64 = (poor * points_poor + other * points_other) / (poor + other);
    assert!(((all * 10.0).round() / 10.0 - england("AVG_Attain8_Score", "2019")).abs() < 1e-9, "{all}");
    // Each year's share of disadvantaged as its three printed means bound it: a quarter and a little more, every year.
    for (year, least, most) in
        [("2019", 0.260, 0.270), ("2020", 0.255, 0.264), ("2023", 0.256, 0.267), ("2024", 0.260, 0.272)]
    {
        let [poor, other, all] =
            ["DAP_KS4_ATT8", "NonDAP_KS4_ATT8", "AVG_Attain8_Score"].map(|one| england(one, year));
        let share = (other - all) / (other - poor);
        assert!(least <= share && share <= most, "{year}: {share}");
    }
    let areas: Vec<&(String, String, String)> =
        values.keys().filter(|(measure, ..)| measure == "16-17_not known_NEET").collect();
    let mut compared = 0;
    for (_, year, area) in areas {
        let parts = get("16-17 NEET", year, area).zip(get("16-17_not known", year, area));
        let (Some((neet, not_known)), Some(both)) = (parts, get("16-17_not known_NEET", year, area)) else {
            continue;
        };
        assert!(
            (both - neet - not_known).abs() < 0.1 + 1e-6,
            "{year} {area}: {neet} and {not_known} are {both}"
        );
        compared += 1;
    }
    assert!(compared > 1_000, "{compared} areas and years");
    let headline =
        |year| ["16-17_not known_NEET", "16-17 NEET", "16-17_not known"].map(|one| england(one, year));
    for (year, expected) in [("2022", [4.7, 2.6, 2.2]), ("2023", [5.2, 2.8, 2.4])] {
        for (found, expected) in headline(year).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{year}: {found}");
        }
    }
}
