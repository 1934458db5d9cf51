//! What a colour is judged by, in words: where green and amber begin, and a trend that says how it goes with the colour.
use super::{
    super::{Unit, words::in_unit},
    made::{Kind, kind},
    read::Line,
};
use crate::disclosure::Figure;

/// The share of the earlier value by which it has to be better in three years: 1 less 0.955 to the third power, in ten-thousandths.
const TARGET: i64 = 1_290;

/// Whether the colour goes by the change in three years.
fn is_by_trend(line: &Line) -> bool {
    ["on_course", "better_short_of_target", "not_better"].contains(&line.reason.as_str())
}

/// How it went in three years, from the two figures as they are shown. Where the colour goes by the trend, its words agree with the colour.
pub(super) fn trend(line: &Line, value: Figure, before: Figure) -> &'static str {
    let (Some(now), Some(before)) = (number(value), number(before)) else {
        return if line.value_before.is_none() { "no year to compare with" } else { "cannot be shown" };
    };
    let better = if line.more_is_better { now - before } else { before - now };
    match (better, line.reason.as_str()) {
        (..=0, "on_course" | "better_short_of_target") => "better by less than is shown",
        (0, _) => "as it was, as far as is shown",
        (1.., "not_better") => "better, by no more than chance may make",
        (1.., _) => "better",
        _ => "worse",
    }
}

fn number(figure: Figure) -> Option<i64> {
    match figure {
        Figure::Count(number) | Figure::PerCentTenths(number) => Some(number),
        Figure::Symbol(_) => None,
    }
}

/// A number in ten-thousandths as the table writes its values.
fn written(line: &Line, ten_thousandths: i64) -> String {
    match kind(line.indicator.as_deref().unwrap_or_default()) {
        Kind::Index(1) => in_unit(Figure::Count(ten_thousandths), Unit::Hundredths, false),
        Kind::Index(_) => in_unit(Figure::Count(ten_thousandths / 100), Unit::Hundredths, false),
        Kind::Gap => in_unit(Figure::PerCentTenths(ten_thousandths / 10), Unit::Points, true),
        Kind::Events => in_unit(Figure::PerCentTenths(ten_thousandths / 10), Unit::PerHundred, true),
        Kind::Share => in_unit(Figure::PerCentTenths(ten_thousandths / 10), Unit::PerCent, false),
    }
}

/// The levels from which it is green, and amber.
fn by_level(line: &Line) -> Option<String> {
    let (green, amber) = line.levels?;
    let end = if line.more_is_better { "from" } else { "up to" };
    let amber = amber
        .map_or_else(|| "and none amber".to_owned(), |amber| format!("{end} {} amber", written(line, amber)));
    Some(format!("{end} {} is green, {amber}", written(line, green)))
}

/// Where green and amber begin, of the trend or of the level: whichever the colour goes by.
pub(super) fn begin(line: &Line, before: Figure) -> String {
    let asked = match before {
        // As the value is written: of a share, points.
        Figure::PerCentTenths(tenths) => {
            let figure = Figure::PerCentTenths((tenths * TARGET + 5_000) / 10_000);
            format!("{} points", in_unit(figure, Unit::Points, true))
        }
        Figure::Count(hundredths) => {
            in_unit(Figure::Count((hundredths * TARGET + 5_000) / 10_000), Unit::Hundredths, false)
        }
        Figure::Symbol(_) => "12.9%".to_owned(),
    };
    let asked = match kind(line.indicator.as_deref().unwrap_or_default()) {
        Kind::Events => asked.replace(" points", " for each hundred"),
        _ => asked,
    };
    let by_trend = || format!("better by {asked} is green");
    match line.judged_by.as_str() {
        _ if is_by_trend(line) => by_trend(),
        "trend" => match by_level(line) {
            Some(level) if line.reason.starts_with("level_") => format!("{level} (no trend)"),
            _ => by_trend(),
        },
        "falling_level" => by_level(line).map_or_else(
            || "no level is set".to_owned(),
            |level| format!("{level}; but green only where it falls"),
        ),
        "level" => by_level(line).unwrap_or_else(|| "no level is set".to_owned()),
        "told" => "nowhere: it is told to be read".to_owned(),
        _ => "not told by this release".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(indicator: &str, judged_by: &str, reason: &str, levels: Option<(i64, Option<i64>)>) -> Line {
        Line {
            question: 1,
            topic: String::new(),
            answerable: "yes".to_owned(),
            why: String::new(),
            indicator: Some(indicator.to_owned()),
            label: String::new(),
            more_is_better: indicator == "known_destination",
            population: "resident".to_owned(),
            ay: Some(2025),
            value: Some(2_600),
            n: 2_000,
            n_missing: 0,
            value_before: Some(2_800),
            n_before: 2_000,
            rag: "red".to_owned(),
            reason: reason.to_owned(),
            judged_by: judged_by.to_owned(),
            levels,
        }
    }

    #[test]
    fn a_trend_never_says_the_contrary_of_a_colour_that_goes_by_it() {
        let said = |reason, now, before| {
            let of = |tenths| Figure::PerCentTenths(tenths);
            trend(&line("maths_below_100", "trend", reason, None), of(now), of(before))
        };
        assert_eq!(said("not_better", 260, 280), "better, by no more than chance may make");
        assert_eq!(said("not_better", 300, 280), "worse");
        assert_eq!(said("better_short_of_target", 260, 280), "better");
        assert_eq!(said("better_short_of_target", 280, 280), "better by less than is shown");
        assert_eq!(said("level_good", 300, 280), "worse", "its colour goes by its level, and says so");
    }

    #[test]
    fn where_green_and_amber_begin_is_written_as_the_values_are() {
        let share = line("maths_below_100", "trend", "not_better", Some((1_500, Some(2_500))));
        assert!(begin(&share, Figure::PerCentTenths(280)).contains("better by 3.6 points is green"));
        let level = line("known_destination", "level", "level_poor", Some((9_700, Some(9_300))));
        assert_eq!(begin(&level, Figure::PerCentTenths(0)), "from 97% is green, from 93% amber");
        let index = line("gap_index", "trend", "level_poor", Some((30_000, Some(37_000))));
        assert_eq!(
            begin(&index, Figure::Symbol(crate::disclosure::Symbol::NotAvailable)),
            "up to 3.00 is green, up to 3.70 amber (no trend)"
        );
        let schools = line("hutchens", "falling_level", "level_good", Some((500, Some(1_000))));
        assert_eq!(
            begin(&schools, Figure::Count(60)),
            "up to 5.00 is green, up to 10.00 amber; but green only where it falls"
        );
    }
}
