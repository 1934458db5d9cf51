use super::{
    due::look,
    keeper::{late_after, today},
};
use crate::{
    catalog::{Catalog, CatalogFault},
    config::Settings,
    fault::Name,
};
use chrono::{DateTime, NaiveDate, Utc};

/// What a source's schedule looks like from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The source.
    pub source: Name,
    /// When it is pulled next; none where it is pulled by hand, or not any more.
    pub next: Option<DateTime<Utc>>,
    /// Since when a slot of it has been waiting for longer than it should.
    pub late_since: Option<DateTime<Utc>>,
    /// The first day on which its agreement no longer held, where that day has come.
    pub ended: Option<NaiveDate>,
    /// The day by which its rows must be gone, where its agreement ended and a rule was set.
    pub keep_until: Option<NaiveDate>,
}

/// Looks ahead for every source, without claiming or writing anything: for whoever asks how things stand.
pub fn outlook(
    catalog: &Catalog,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Vec<Outlook>, CatalogFault> {
    let today = today(settings, now);
    let mut all = Vec::new();
    for source in &settings.sources {
        let ended = source.ended(today);
        let mut one = Outlook {
            source: source.name,
            next: None,
            late_since: None,
            ended,
            keep_until: ended.and_then(|day| settings.retention.due(day)),
        };
        if let (Some(schedule), None) = (&source.schedule, source.refusal(today)) {
            let clock = catalog.slot_clock(source.name.as_str())?;
            // A schedule that was never read, or was edited, begins now.
            let up_to = clock
                .filter(|clock| clock.schedule == schedule.in_words() && clock.up_to <= now)
                .map_or(now, |clock| clock.up_to);
            let found = look(schedule, source.name.as_str(), up_to, now);
            let late =
                found.claim.map(|(_, start)| start).filter(|start| *start + late_after(settings) < now);
            one.late_since = late;
            one.next = found.claim.map(|(_, start)| start.max(now)).or(found.next);
        }
        all.push(one);
    }
    Ok(all)
}
