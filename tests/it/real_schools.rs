//! The models of schools over published figures that nobody here wrote. Read where `THROUGHLINE_REAL_DATA` names their
//! folder; without it each test says that it was skipped.
use crate::real_data::real;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use throughline::{
    definitions::Definitions,
    warehouse::compute::random_intercept::{Group, Likelihood, fit},
};

/// The columns of a CSV file by name, row by row.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Examination results of 4,059 pupils in 65 London schools (Goldstein and others 1993): the score on the intake score,
/// with an intercept for each school.
fn london() -> Option<(Vec<String>, Vec<Group>)> {
    let file =
        real("microdata").map(|folder| folder.join("mlmRev_Exam.csv")).filter(|file| file.is_file())?;
    let mut schools: BTreeMap<String, Group> = BTreeMap::new();
    for row in rows(&file) {
        let number = |column: &str| row[column].parse::<f64>().unwrap();
        let pupils = schools.entry(row["school"].clone()).or_default();
        pupils.push((vec![1.0, number("standLRT")], number("normexam")));
    }
    Some(schools.into_iter().unzip())
}

#[test]
fn london_schools_have_the_variances_of_the_literature() {
    let Some((names, groups)) = london() else { return };
    assert_eq!((names.len(), groups.iter().map(Vec::len).sum::<usize>()), (65, 4_059));
    for by in [Likelihood::Full, Likelihood::Restricted] {
        let found = fit(&groups, by).unwrap();
        println!(
            "{by:?}: intercept {:.4}, slope {:.4}, between {:.4}, residual {:.4}",
            found.coefficients[0], found.coefficients[1], found.between, found.residual
        );
        assert!((found.coefficients[0] - 0.002).abs() < 0.005);
        assert!((found.coefficients[1] - 0.563).abs() < 0.0055);
        assert!((found.between - 0.092).abs() < 0.0055);
        assert!((found.residual - 0.566).abs() < 0.0055);
    }
}

/// The same ranking by another route: generalised least squares iterated from moments (no likelihood anywhere), and each
/// residual drawn towards nought by hand.
#[test]
fn london_schools_stand_in_the_order_of_another_computation() {
    let Some((names, groups)) = london() else { return };
    let found = fit(&groups, Likelihood::Restricted).unwrap();
    let drawn = by_moments(&groups);
    let order = |values: &[f64]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|one, other| values[*other].total_cmp(&values[*one]));
        order
    };
    let shrunken: Vec<f64> = found.effects.iter().map(|effect| effect.shrunken).collect();
    let (own, other) = (order(&shrunken), order(&drawn));
    let mut place = vec![0_usize; names.len()];
    other.iter().enumerate().for_each(|(at, school)| place[*school] = at);
    let n = names.len() as f64;
    let apart: f64 =
        own.iter().enumerate().map(|(at, school)| (at as f64 - place[*school] as f64).powi(2)).sum();
    let spearman = 1.0 - 6.0 * apart / (n * (n * n - 1.0));
    println!(
        "rank correlation {spearman:.5}; first {:?}",
        own[..5].iter().map(|at| &names[*at]).collect::<Vec<_>>()
    );
    assert!(spearman > 0.999, "{spearman}");
    assert_eq!(own[..5], other[..5]);
    assert_eq!(own[60..], other[60..]);
    // Only a part can be told from the average: a school's interval seldom leaves nought.
    let told = found.effects.iter().filter(|effect| effect.shrunken.abs() > 1.96 * effect.spread).count();
    println!("{told} of 65 schools can be told from the average");
    assert!(told < 40);
}

/// Predictors and answer of one pupil.
type Pupil = (Vec<f64>, f64);

/// Fuller and Battese: within and between by moments, coefficients by sweeping out a part of each school's mean; three
/// times over.
fn by_moments(groups: &[Group]) -> Vec<f64> {
    let mean = |of: fn(&Pupil) -> f64, group: &Group| group.iter().map(of).sum::<f64>() / group.len() as f64;
    let x: fn(&Pupil) -> f64 = |row| row.0[1];
    let y: fn(&Pupil) -> f64 = |row| row.1;
    let total: f64 = groups.iter().map(|group| group.len() as f64).sum();
    let (mut up, mut down) = (0.0, 0.0);
    for group in groups {
        let (mx, my) = (mean(x, group), mean(y, group));
        up += group.iter().map(|row| (x(row) - mx) * (y(row) - my)).sum::<f64>();
        down += group.iter().map(|row| (x(row) - mx).powi(2)).sum::<f64>();
    }
    let within_slope = up / down;
    let within: f64 = groups
        .iter()
        .map(|group| {
            let (mx, my) = (mean(x, group), mean(y, group));
            group.iter().map(|row| (y(row) - my - within_slope * (x(row) - mx)).powi(2)).sum::<f64>()
        })
        .sum::<f64>()
        / (total - groups.len() as f64 - 1.0);
    let (mut slope, mut intercept, mut between) = (within_slope, 0.0, 0.0);
    for _ in 0..50 {
        let raw: Vec<f64> =
            groups.iter().map(|group| mean(y, group) - intercept - slope * mean(x, group)).collect();
        let spread = groups.iter().zip(&raw).map(|(group, raw)| raw * raw - within / group.len() as f64);
        between = (spread.sum::<f64>() / (groups.len() as f64 - 1.0)).max(0.0);
        let (mut n, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for group in groups {
            let size = group.len() as f64;
            let swept = 1.0 - (within / (within + size * between)).sqrt();
            let (mx, my) = (mean(x, group), mean(y, group));
            for row in group {
                let (one, x, y) = (1.0 - swept, x(row) - swept * mx, y(row) - swept * my);
                n += one * one;
                sx += one * x;
                sy += one * y;
                sxx += x * x;
                sxy += x * y;
            }
        }
        let under = n * sxx - sx * sx;
        (intercept, slope) = ((sxx * sy - sx * sxy) / under, (n * sxy - sx * sy) / under);
    }
    groups
        .iter()
        .map(|group| {
            let size = group.len() as f64;
            let raw = mean(y, group) - intercept - slope * mean(x, group);
            raw * between / (between + within / size)
        })
        .collect()
}

/// The matrix that schools are set beside is the published one, number by number, and its parts come to its totals.
#[test]
fn the_national_matrix_is_the_published_one() {
    let name = "2024_Key stage 2 to 4 transition matrices KS4 measures.csv";
    let Some(file) = real("dfe_ees").map(|folder: PathBuf| folder.join(name)).filter(|file| file.is_file())
    else {
        return;
    };
    let published: Vec<_> =
        rows(&file).into_iter().filter(|row| row["establishment_type_group"] == "All state-funded").collect();
    let list = &Definitions::load(None).unwrap().codes["ks4_transition"];
    let cell = |row: &[String], column: &str| {
        row[list.columns.iter().position(|name| name == column).unwrap()].clone()
    };
    for (measure, column) in [("basics_9_4", "Basics_9-4"), ("basics_9_5", "Basics_9-5")] {
        let number = |row: &BTreeMap<String, String>, what: &str| {
            row[&format!("{column}_{what}")].parse::<u64>().unwrap()
        };
        let counts = |row: &BTreeMap<String, String>| {
            let achieved = number(row, "Achieved");
            (achieved, achieved + number(row, "Not_Achieved"))
        };
        let of = |breakdown: &str, group: &str| {
            let found = published
                .iter()
                .find(|row| row["breakdown"] == breakdown && row["ks2_scaled_score_group"] == group);
            counts(found.unwrap_or_else(|| panic!("{breakdown}, {group}")))
        };
        let ours: Vec<(u64, u64)> = list
            .rows
            .iter()
            .filter(|row| cell(row, "measure") == measure)
            .map(|row| (cell(row, "n_achieved").parse().unwrap(), cell(row, "n_pupils").parse().unwrap()))
            .collect();
        let theirs: Vec<(u64, u64)> = published
            .iter()
            .filter(|row| row["breakdown"] == "Disadvantaged")
            .filter(|row| !["No scaled score", "Total"].contains(&row["ks2_scaled_score_group"].as_str()))
            .map(counts)
            .collect();
        assert_eq!(ours, theirs, "{measure}");
        let add = |sum: (u64, u64), one: (u64, u64)| (sum.0 + one.0, sum.1 + one.1);
        let scored = ours.iter().copied().fold((0, 0), add);
        assert_eq!(add(scored, of("Disadvantaged", "No scaled score")), of("Disadvantaged", "Total"));
        let both = add(of("Disadvantaged", "Total"), of("Disadvantaged all other", "Total"));
        assert_eq!(both, of("Total", "Total"), "{measure}");
        let rate = (1000 * both.0 + both.1 / 2) / both.1;
        assert_eq!(rate, if measure == "basics_9_4" { 650 } else { 459 });
    }
}
