//! The points told at the end of Year 10, beside what came about in the winter after Year 11.
use super::super::{
    Chart, Release, ReportFault, Row, Section, Table, Time,
    parts::{self, all_of, part},
    shown,
    words::{academic_year, cell},
};
use super::{
    read::{self, Curve, PACK},
    section,
};
use crate::disclosure::{self, Figure, LinkGrid, LinkGroup, Policy};

const SCORED: &str = "learners who were told points at the end of Year 10 and of whom it is known what they did in the winter \
                      after Year 11";

/// The newest cohort whose winter is over; none where there is no such cohort.
pub(super) fn tested(release: &Release, policy: &Policy) -> Result<Option<Section>, ReportFault> {
    let from = marked_from(release)?;
    let curve = read::curve(release)?;
    let Some(cohort) = curve.iter().filter(|row| row.scored > 0).map(|row| row.cohort_ay).max() else {
        return Ok(None);
    };
    let of_cohort = || curve.iter().filter(|row| row.cohort_ay == cohort);
    let Some(everybody) = of_cohort().min_by_key(|row| row.flag_from) else { return Ok(None) };
    // Points in between that nobody has make no row: whoever has more is marked all the same.
    let marked = of_cohort().filter(|row| row.flag_from >= from).min_by_key(|row| row.flag_from);
    let (flagged, both) = marked.map_or((0, 0), |row: &Curve| (row.flagged, row.both));
    let group = |group: &str, subjects, linked| LinkGroup {
        group: group.to_owned(),
        subjects,
        linked,
        learners: subjects,
        estimates: Vec::new(),
    };
    let title = format!("The points told to the Year 6 of {} beside what came about", academic_year(cohort));
    let grid = LinkGrid {
        title: title.clone(),
        population: SCORED.to_owned(),
        dimension: "group".to_owned(),
        groups: vec![
            group("marked", flagged, both),
            group("not_marked", everybody.scored - flagged, everybody.positive - both),
        ],
        estimates: Vec::new(),
        of_all: Vec::new(),
    };
    let disclosed = disclosure::disclose_links(&grid, policy)?;
    // The winter of Year 12: six years after the end of Year 6.
    let time = Time::year(cohort + 6);
    let rows = shown::grid_rows(&disclosed, &time, |key| match key {
        "marked" => format!("{from} points or more: would have been told they may need support"),
        _ => "fewer points".to_owned(),
    });
    let mut words = vec![WARNING.to_owned()];
    words.extend(in_words(&rows, everybody.at_base));
    words.push(format!(
        "NEET means at two or more of the ends of December, January and February. {} Points are those of the list `{PACK}` \
         that are certain: what was not known then counts nothing.",
        left_out(read::left_out(release)?.get(&cohort).copied().unwrap_or(0), everybody.scored, policy)?
    ));
    let table = Table {
        name: "points_tested",
        title,
        population: SCORED.to_owned(),
        rows_are: ("points", "points at the end of Year 10"),
        said: &[],
        columns: shown::of_part("young people", "NEET in the winter after Year 11").to_vec(),
        rows,
    };
    let mut section = section("How often the points are right", &words, table, shown::notes([&disclosed]));
    section.chart = Some(Chart::Bars([2, 3, 4]));
    Ok(Some(section))
}

/// Said wherever the points are shown.
const WARNING: &str = "Most marks are wrong, and that is no fault of the sums: so few become NEET. A list that finds 80 in 100 of those \
                       who will be NEET and wrongly marks 13 in 100 of the others is right in 17 of 100 of its marks (17%) where \
                       3.4% are NEET, as in the country. A mark is a reason to ask, never a reason to decide.";

/// The least points from which the list says that somebody may need support.
fn marked_from(release: &Release) -> Result<i64, ReportFault> {
    let points = release.read("risk_score", |row| {
        (row.text("pack")? == PACK && row.text("band_low")? != "green").then_some(())?;
        row.number("score_low")
    })?;
    Ok(points.into_iter().min().unwrap_or(3))
}

/// What the table comes to, from its figures.
fn in_words(rows: &[Row], at_base: Option<i64>) -> Option<String> {
    let [marked, _, total] = rows else { return None };
    let number = |row: &Row, at: usize| row.figures.get(at).copied().and_then(shown::count);
    let ((flagged, both), (scored, positive)) =
        ((number(marked, 0)?, number(marked, 1)?), (number(total, 0)?, number(total, 1)?));
    if flagged < 1.0 || positive < 1.0 || scored - positive < 1.0 {
        return None;
    }
    let whole = |share: f64| cell(shown::per_cent(share, 0), false);
    let (found, wrongly) = (both / positive, (flagged - both) / (scored - positive));
    let mut said = format!(
        "Here: of those marked {} were NEET, and the marks found {} of all who were.",
        whole(both / flagged),
        whole(found)
    );
    if let Some(base) = at_base.map(|base| base as f64 / 10_000.0) {
        let right = found * base / (found * base + wrongly * (1.0 - base));
        said.push_str(&format!(
            " Where {} are NEET, as in the country that winter, this list would be right in {} of its marks.",
            cell(shown::per_cent(base, 1), true),
            whole(right)
        ));
    }
    Some(said)
}

/// How many are in no figure of the test, where that can be said.
fn left_out(n: u64, scored: u64, policy: &Policy) -> Result<String, ReportFault> {
    let whole = all_of("told", vec![part("scored", scored), part("left_out", n)]);
    let through = parts::through("Who was told points", SCORED, "who", [("all".to_owned(), whole)], policy)?;
    let figures = through.figures(&["told", "scored", "left_out"]).pop().map(|(_, figures)| figures);
    Ok(match figures.unwrap_or_default()[..] {
        [Figure::Count(_), Figure::Count(_), Figure::Count(left_out)] => format!(
            "{} more were told points, and are in no figure here: what they did is not known, or they were in custody.",
            cell(Figure::Count(left_out), false)
        ),
        _ => "How many more were told points and are in no figure here, since what they did is not known, cannot be shown."
            .to_owned(),
    })
}
