//! The figures of an indicator, from counts that have passed the gate wherever there are counts.
use super::{
    super::{
        Policy, Release, ReportFault,
        parts::{self, all_of, part},
        shown,
    },
    read::{self, Line},
};
use crate::disclosure::{self, Figure, Rate, Rates, Symbol};

/// What an indicator is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// How many of those of whom it is known.
    Share,
    /// The points between the shares of two groups.
    Gap,
    /// Events for each hundred pupils.
    Events,
    /// An index from nought to so much, that no two counts make.
    Index(u32),
}

/// What an indicator of this name is.
pub(super) fn kind(indicator: &str) -> Kind {
    match indicator {
        "basics_9_5_gap" | "level3_gap" | "long_gap_9_4" => Kind::Gap,
        "suspension_rate" | "permanent_rate" => Kind::Events,
        "gap_index" | "gap_index_without_ap" => Kind::Index(10),
        // From nought to one, told from nought to a hundred.
        "hutchens" | "index_gain" | "duration_gain" => Kind::Index(1),
        _ => Kind::Share,
    }
}

/// An indicator's figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) value: Figure,
    pub(super) before: Figure,
    /// For the better above nought.
    pub(super) change: Figure,
    pub(super) learners: Figure,
    pub(super) not_known: Figure,
}

const NONE: Figure = Figure::Symbol(Symbol::NotAvailable);
const HIDDEN: Figure = Figure::Symbol(Symbol::Confidential);

/// The indicator that everybody of this one is among, too: who is far behind is behind, who is at school is a pupil.
fn wider(indicator: &str) -> Option<&'static str> {
    match indicator {
        "reading_below_90" => Some("reading_below_100"),
        "maths_below_90" => Some("maths_below_100"),
        "gap_index_without_ap" => Some("gap_index"),
        _ => None,
    }
}

/// Whether this indicator, subtracted from the one that it is among, would leave fewer than may be told.
fn leaves_few(line: &Line, lines: &[Line], policy: &Policy) -> bool {
    let Some(indicator) = line.indicator.as_deref() else { return false };
    let Some(wider) = wider(indicator) else { return false };
    let Some(wider) = lines.iter().find(|other| other.indicator.as_deref() == Some(wider)) else {
        return false;
    };
    // A share counts some of its learners; behind an index stand all of them.
    let behind = |value: Option<i64>, n: u64| {
        let counted = |value| if is_index(indicator) { n } else { Year::part_of(value, n) };
        value.map(counted)
    };
    let left =
        |mine: Option<u64>, theirs: Option<u64>| mine.zip(theirs).map(|(mine, theirs)| theirs.abs_diff(mine));
    [
        left(behind(line.value, line.n), behind(wider.value, wider.n)),
        left(behind(line.value_before, line.n_before), behind(wider.value_before, wider.n_before)),
    ]
    .into_iter()
    .flatten()
    .any(|left| left < policy.threshold())
}

fn is_index(indicator: &str) -> bool {
    matches!(kind(indicator), Kind::Index(_))
}

/// Makes the figures of a line. `lines` are all of them.
pub(super) fn made(
    line: &Line,
    lines: &[Line],
    release: &Release,
    policy: &Policy,
) -> Result<Made, ReportFault> {
    let (Some(indicator), Some(ay), Some(value)) = (line.indicator.as_deref(), line.ay, line.value) else {
        return Ok(Made { value: NONE, before: NONE, change: NONE, learners: NONE, not_known: NONE });
    };
    let value = Year { indicator, population: &line.population, ay, value, n: line.n };
    let before =
        line.value_before.map(|before| Year { ay: ay - 3, value: before, n: line.n_before, ..value });
    let is_hidden = leaves_few(line, lines, policy);
    // Two numbers of learners that differ by a few tell how many those few are: of an index they go with it.
    if is_hidden && is_index(indicator) {
        return Ok(Made {
            value: HIDDEN,
            before: HIDDEN,
            change: HIDDEN,
            learners: HIDDEN,
            not_known: HIDDEN,
        });
    }
    let value = if is_hidden { HIDDEN } else { value.figure(release, policy)? };
    let before = before.map_or(Ok(NONE), |before| before.figure(release, policy))?;
    let [learners, not_known] = [("learners", line.n), ("not_known", line.n_missing)].map(|(name, n)| {
        let counted = parts::through(
            &line.label,
            &line.population,
            "indicator",
            [(name.to_owned(), part(name, n))],
            policy,
        );
        counted.map(|counted| counted.figures(&[name]).pop().map_or(NONE, |(_, figures)| figures[0]))
    });
    let change = change(value, before, line.more_is_better);
    Ok(Made { value, before, change, learners: learners?, not_known: not_known? })
}

/// The difference of two figures as they are shown.
fn change(now: Figure, before: Figure, more_is_better: bool) -> Figure {
    let turned = |number: i64| if more_is_better { number } else { -number };
    match (now, before) {
        (Figure::PerCentTenths(now), Figure::PerCentTenths(before)) => {
            Figure::PerCentTenths(turned(now - before))
        }
        (Figure::Count(now), Figure::Count(before)) => Figure::Count(turned(now - before)),
        (symbol @ Figure::Symbol(_), _) | (_, symbol) => symbol,
    }
}

/// An indicator in a year; its value in ten-thousandths.
#[derive(Clone, Copy)]
struct Year<'l> {
    indicator: &'l str,
    population: &'l str,
    ay: i64,
    value: i64,
    n: u64,
}

impl Year<'_> {
    /// So many of `n` as make this share in ten-thousandths.
    fn part_of(value: i64, n: u64) -> u64 {
        (n as f64 * value as f64 / 10_000.0).round() as u64
    }

    fn figure(&self, release: &Release, policy: &Policy) -> Result<Figure, ReportFault> {
        match kind(self.indicator) {
            Kind::Share => self.share(Self::part_of(self.value, self.n), self.n, policy),
            Kind::Gap => match read::groups(release, self.indicator, self.population, self.ay)? {
                Some([(other, others), (poor, all_poor)]) => {
                    let shares = (self.share(other, others, policy)?, self.share(poor, all_poor, policy)?);
                    Ok(match shares {
                        (Figure::PerCentTenths(other), Figure::PerCentTenths(poor)) => {
                            Figure::PerCentTenths(other - poor)
                        }
                        (symbol @ Figure::Symbol(_), _) | (_, symbol) => symbol,
                    })
                }
                None => Ok(NONE),
            },
            Kind::Events => match read::events(release, self.indicator, self.population, self.ay)? {
                Some(events) => self.per_hundred(events, policy),
                None => Ok(NONE),
            },
            Kind::Index(span) => self.index(span, policy),
        }
    }

    /// So many of so many, from the two counts as they are shown.
    fn share(&self, part_of: u64, whole: u64, policy: &Policy) -> Result<Figure, ReportFault> {
        let whole = all_of("whole", vec![part("part", part_of), part("rest", whole.saturating_sub(part_of))]);
        let through = parts::through(
            self.indicator,
            self.population,
            "indicator",
            [("share".to_owned(), whole)],
            policy,
        )?;
        let figures = through.figures(&["part", "whole"]).pop().map(|(_, figures)| figures);
        let [part, whole] = figures.unwrap_or_default()[..] else { return Ok(NONE) };
        let [rate, _, _] = shown::rate(part, whole, shown::decimals(policy));
        Ok(rate)
    }

    /// Events for each hundred pupils, where enough pupils had any: a few pupils may have many.
    fn per_hundred(
        &self,
        (events, had, pupils): (u64, u64, u64),
        policy: &Policy,
    ) -> Result<Figure, ReportFault> {
        let have = self.share(had, pupils, policy)?;
        let leaves =
            [("events", events), ("pupils", pupils)].map(|(name, n)| (name.to_owned(), part("n", n)));
        let through = parts::through(self.indicator, self.population, "what", leaves, policy)?;
        let [(_, events), (_, pupils)] = &through.figures(&["n"])[..] else { return Ok(NONE) };
        Ok(match (have, events[0], pupils[0]) {
            (symbol @ Figure::Symbol(Symbol::Confidential), ..) => symbol,
            (_, Figure::Count(events), Figure::Count(pupils)) if pupils > 0 => {
                shown::per_cent(events as f64 / pupils as f64, shown::decimals(policy))
            }
            (_, symbol @ Figure::Symbol(_), _) | (_, _, symbol) => symbol,
        })
    }

    /// An index in hundredths, to steps as coarse as the number of learners asks for.
    fn index(&self, span: u32, policy: &Policy) -> Result<Figure, ReportFault> {
        let share = u16::try_from(self.value.abs() / i64::from(span)).ok();
        let rates = Rates {
            title: self.indicator.to_owned(),
            population: self.population.to_owned(),
            dimension: "indicator".to_owned(),
            measures: vec!["index".to_owned()],
            rows: vec![("index".to_owned(), vec![Rate { share, people: self.n }])],
        };
        let disclosed = disclosure::disclose_rates(&rates, policy)?;
        let figure = disclosed.as_ref().rows.first().and_then(|row| row.figures.first()).copied();
        Ok(match figure.unwrap_or(NONE) {
            // A tenth of a per cent of ten is a hundredth; of one it is a tenth of a hundredth's hundred.
            Figure::PerCentTenths(tenths) => {
                let hundredths = if span == 1 { tenths * 10 } else { tenths * i64::from(span) / 10 };
                Figure::Count(hundredths * self.value.signum())
            }
            Figure::Symbol(Symbol::Low) => Figure::Count(0),
            // Too few for any step: hidden, as a count would be.
            _ => Figure::Symbol(Symbol::Confidential),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(indicator: &'static str, value: i64, n: u64) -> Year<'static> {
        Year { indicator, population: "resident", ay: 2025, value, n }
    }

    #[test]
    fn an_index_is_as_coarse_as_its_learners_are_few() {
        let policy = Policy::published();
        let index = |value, n| year("gap_index", value, n).index(10, &policy).expect("it passes").to_string();
        assert_eq!(index(34_560, 30_000), "346", "3.46");
        assert_eq!(index(34_560, 3_000), "350", "3.5");
        assert_eq!(index(34_560, 300), "c");
        assert_eq!(
            year("hutchens", 431, 30_000).index(1, &policy).expect("it passes"),
            Figure::Count(430),
            "4.30"
        );
        assert_eq!(
            year("index_gain", -120, 30_000).index(1, &policy).expect("it passes"),
            Figure::Count(-120)
        );
    }

    #[test]
    fn a_share_of_which_few_are_told_is_hidden_and_its_change_with_it() {
        let policy = Policy::published();
        let share =
            |part, whole| year("careers_interview", 0, 0).share(part, whole, &policy).expect("it passes");
        assert_eq!(share(310, 1_105), Figure::PerCentTenths(280));
        assert_eq!(share(6, 1_105), Figure::Symbol(Symbol::Confidential));
        assert_eq!(share(1_100, 1_105), Figure::Symbol(Symbol::Confidential), "five are left over");
        assert_eq!(change(share(310, 1_105), share(6, 1_105), true), Figure::Symbol(Symbol::Confidential));
        assert_eq!(
            change(Figure::PerCentTenths(250), Figure::PerCentTenths(280), false),
            Figure::PerCentTenths(30)
        );
    }

    #[test]
    fn suspensions_of_a_few_pupils_are_hidden_however_many_they_are() {
        let per_hundred = |events| {
            year("suspension_rate", 0, 0).per_hundred(events, &Policy::published()).expect("it passes")
        };
        assert_eq!(per_hundred((132, 60, 1_000)), Figure::PerCentTenths(130));
        assert_eq!(per_hundred((132, 6, 1_000)), Figure::Symbol(Symbol::Confidential));
    }
}
