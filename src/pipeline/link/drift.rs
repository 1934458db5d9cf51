//! Whether linking went as it did before. What has changed much is not published until somebody has looked.
use super::{LinkReport, Site, SiteFault};
use crate::{
    catalog::{Access, LinkMeasure},
    config::Role,
};

/// A source with fewer subjects says nothing.
const FEWEST: i64 = 50;
/// Percentage points by which the share of linked subjects may fall.
const FALL: i64 = 10;
/// A cluster up to this size is nobody's worry, whatever it was.
const LARGE: i64 = 30;

/// What has drifted at one source.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Drift {
    /// The source.
    pub source: String,
    /// `fewer_linked`: the share of its subjects that were joined to another has fallen. `larger_clusters`: one learner
    /// has far more subjects than any had.
    pub what: &'static str,
    /// The figure before: percent, or subjects.
    pub before: i64,
    /// The figure now.
    pub now: i64,
}

/// What differs too much from the last time.
pub(super) fn since(before: &[LinkMeasure], now: &[LinkMeasure]) -> Vec<Drift> {
    let mut drift = Vec::new();
    for measure in now {
        let Some(held) = before.iter().find(|held| held.source == measure.source) else { continue };
        let mut note = |what, before, now| {
            drift.push(Drift { source: measure.source.clone(), what, before, now });
        };
        let share = |measure: &LinkMeasure| measure.linked * 100 / measure.subjects.max(1);
        let (was, is) = (share(held), share(measure));
        if held.subjects >= FEWEST && measure.subjects >= FEWEST && was - is > FALL {
            note("fewer_linked", was, is);
        }
        if measure.largest > LARGE && measure.largest > 2 * held.largest {
            note("larger_clusters", held.largest, measure.largest);
        }
    }
    drift
}

/// Notes that somebody looked at a drift and accepts it; why stands with the run that publishes it.
pub(super) fn accept(site: &mut Site, who: &str, report: &LinkReport) -> Result<(), SiteFault> {
    let allowed = site.settings.roles.may(who, Role::Linkage);
    let stamp = site.stamp();
    let about = format!("{} figures that drifted", report.held.len());
    let access = Access {
        who,
        role: Role::Linkage.word(),
        verb: "link accept",
        purpose: "",
        about: &about,
        people: report.subjects,
        outcome: if allowed { "done" } else { "refused" },
    };
    site.catalog.note_access(&access, &stamp)?;
    if allowed { Ok(()) } else { Err(SiteFault::Refused(Role::Linkage)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(source: &str, subjects: i64, linked: i64, largest: i64) -> LinkMeasure {
        LinkMeasure { source: source.to_owned(), subjects, linked, largest }
    }

    #[test]
    fn a_fall_and_a_heap_are_held_and_growth_is_not() {
        let before =
            [measure("census", 200, 180, 4), measure("sheet", 100, 60, 5), measure("small", 20, 20, 2)];
        let quiet = [measure("census", 400, 330, 5), measure("sheet", 100, 95, 6), measure("new", 900, 0, 1)];
        assert_eq!(since(&before, &quiet), []);
        let loud =
            [measure("census", 200, 140, 4), measure("sheet", 100, 60, 80), measure("small", 20, 1, 2)];
        let drift = since(&before, &loud);
        assert_eq!(drift.len(), 2);
        assert_eq!((drift[0].what, drift[0].before, drift[0].now), ("fewer_linked", 90, 70));
        assert_eq!((drift[1].source.as_str(), drift[1].what), ("sheet", "larger_clusters"));
    }
}
