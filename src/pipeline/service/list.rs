//! Short lists around the feeds: tenants, permissions, deletions, changes. They are proven like a feed.
use super::{Shared, Slices, tenants::Tenant};
use crate::{
    fault::Problem,
    source::{
        service::{Page, Reading, Refusal, Walk, Words},
        tree::{Path, Tree, Wanted},
    },
};
use reqwest::Url;
use std::{borrow::Cow, collections::BTreeMap, time::Duration};

/// A list is walked so often before it counts as one that never stands still.
pub(super) const MOST_WALKS: u32 = 3;

/// Where a list is.
pub(super) struct Listing<'l> {
    pub(super) path: &'l str,
    pub(super) query: &'l BTreeMap<String, String>,
    pub(super) records: &'l str,
}

/// For each record, what stands at the paths that were asked for.
pub(super) type Listed = Vec<Vec<Option<String>>>;

impl Slices<'_> {
    /// Reads a list of a tenant whole.
    pub(super) async fn list(
        &self,
        shared: &mut Shared<'_, '_>,
        tenant: &Tenant,
        listing: &Listing<'_>,
        paths: &[&str],
    ) -> Result<Listed, Refusal> {
        let params = shared.intake.source.params.clone();
        let words = Words { tenant: &tenant.id, attributes: &tenant.attributes, params: &params };
        self.list_at(shared, &tenant.base, words, listing, paths).await
    }

    /// Reads a list whole: a longer one until two walks agree.
    pub(super) async fn list_at(
        &self,
        shared: &mut Shared<'_, '_>,
        base: &Url,
        words: Words<'_>,
        listing: &Listing<'_>,
        paths: &[&str],
    ) -> Result<Listed, Refusal> {
        let records: Vec<String> =
            listing.records.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect();
        let wanted = Wanted::of(paths.iter().copied());
        let found: Vec<Option<Path>> = paths.iter().map(|path| wanted.path("", path)).collect();
        let reading = Reading::new(self.form, &records, &wanted, []);
        let first =
            shared.service.address(base, listing.path, listing.query, &words).map_err(Refusal::Fault)?;
        let mut before = None;
        for _ in 0..MOST_WALKS {
            let mut listed = Vec::new();
            let mut take = |page: &Page<'_, '_>| {
                let text = |record: &Tree<'_>, path: &Option<Path>| {
                    let value = record.at(path.as_ref()?)?;
                    // An object is there, whatever it says: a day with its zone.
                    if matches!(value, Tree::Fields(_)) {
                        return Some(String::from("{}"));
                    }
                    let text = value.scalar_text().map(Cow::into_owned)?;
                    (!text.trim().is_empty()).then(|| text.trim().to_owned())
                };
                listed.extend(
                    page.records.iter().map(|record| found.iter().map(|path| text(record, path)).collect()),
                );
            };
            let mut walk = Walk::new(&self.form.paging, first.clone());
            while walk.next(shared.service, &words, &reading, &mut take).await?.is_some() {}
            let proven = !walk.is_doubtful() || before == Some(walk.trace());
            if proven && walk.miscounted().is_none() {
                return Ok(listed);
            }
            before = Some(walk.trace());
        }
        Err(Refusal::Later(Problem::ListMoves, Duration::ZERO))
    }
}

/// A list as bytes, for its digest.
pub(super) fn digestible(listed: &Listed) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in listed.iter().flatten() {
        bytes.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
        bytes.push(0x1f);
    }
    bytes
}
