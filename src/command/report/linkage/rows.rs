//! The rows of a release that the linkage report is made of.
use super::super::{Halt, figures::read};
use std::path::Path;

/// One group of one dimension of `link_quality`.
pub(super) struct QualityRow {
    pub(super) dimension: String,
    pub(super) category: String,
    pub(super) subjects: u64,
    pub(super) learners: u64,
    pub(super) linked: u64,
    /// Precision and its ends, recall and its ends; ten-thousandths.
    pub(super) estimates: Vec<Option<u16>>,
}

/// Of one source, over all terms, what was told: a name for each cell and how many subjects had it.
pub(super) struct PopulationRow {
    pub(super) source: String,
    pub(super) subjects: u64,
    pub(super) with: Vec<u64>,
}

/// How many were joined by one rule.
pub(super) struct MethodRow {
    pub(super) band: String,
    pub(super) method: String,
    pub(super) subjects: u64,
}

/// What is stated of one band, and what persons found.
pub(super) struct BandRow {
    pub(super) band: String,
    pub(super) subjects: u64,
    pub(super) basis: String,
    /// Stated, and its ends.
    pub(super) stated: Vec<Option<u16>>,
    pub(super) sampled: u64,
    pub(super) agreed: u64,
}

/// One state of one cohort at one threshold.
pub(super) struct SensitivityRow {
    pub(super) threshold: i64,
    pub(super) cohort_ay: i32,
    pub(super) state_order: i64,
    pub(super) state: String,
    pub(super) n: u64,
    pub(super) weighted: Option<u16>,
}

/// Match rates of one source or establishment, now and before.
pub(super) struct DriftRow {
    pub(super) dimension: String,
    pub(super) category: String,
    pub(super) before: (Option<u16>, u64),
    pub(super) new: (Option<u16>, u64),
}

/// The cells whose completeness is shown.
pub(super) const CELLS: [(&str, &str); 5] = [
    ("n_with_upn", "UPN"),
    ("n_with_uln", "ULN"),
    ("n_with_name", "name"),
    ("n_with_birth_date", "birth date"),
    ("n_with_postcode", "postcode"),
];

const ESTIMATES: [&str; 6] =
    ["precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"];

fn share(value: Option<i64>) -> Option<u16> {
    value.and_then(|value| u16::try_from(value).ok())
}

pub(super) fn quality(release: &Path) -> Result<Vec<QualityRow>, Halt> {
    read(release, "link_quality", |row| {
        Some(QualityRow {
            dimension: row.text("dimension")?,
            category: row.text("category")?,
            subjects: row.number("n_subjects")? as u64,
            learners: row.number("n_learners")? as u64,
            linked: row.number("n_linked")? as u64,
            estimates: ESTIMATES.iter().map(|name| share(row.ten_thousandths(name))).collect(),
        })
    })
}

pub(super) fn population(release: &Path) -> Result<Vec<PopulationRow>, Halt> {
    let rows = read(release, "link_population", |row| {
        let with: Option<Vec<u64>> =
            CELLS.iter().map(|(name, _)| row.number(name).map(|n| n as u64)).collect();
        let found = PopulationRow {
            source: row.text("source")?,
            subjects: row.number("n_subjects")? as u64,
            with: with?,
        };
        Some((row.text("term")?, found))
    })?;
    Ok(rows.into_iter().filter(|(term, _)| term == "all").map(|(_, row)| row).collect())
}

pub(super) fn methods(release: &Path) -> Result<Vec<MethodRow>, Halt> {
    read(release, "link_method", |row| {
        Some(MethodRow {
            band: row.text("band")?,
            method: row.text("method")?,
            subjects: row.number("n_subjects")? as u64,
        })
    })
}

pub(super) fn bands(release: &Path) -> Result<Vec<BandRow>, Halt> {
    read(release, "link_precision", |row| {
        let stated = ["stated", "stated_low", "stated_high"];
        Some(BandRow {
            band: row.text("band")?,
            subjects: row.number("n_subjects")? as u64,
            basis: row.text("basis")?,
            stated: stated.iter().map(|name| share(row.ten_thousandths(name))).collect(),
            sampled: row.number("n_sampled")? as u64,
            agreed: row.number("n_agreed")? as u64,
        })
    })
}

/// Of the population `open`, every learner of the cohort.
pub(super) fn sensitivity(release: &Path) -> Result<Vec<SensitivityRow>, Halt> {
    let rows = read(release, "link_sensitivity", |row| {
        let found = SensitivityRow {
            threshold: row.ten_thousandths("threshold")?,
            cohort_ay: row.number("cohort_ay")? as i32,
            state_order: row.number("state_order")?,
            state: row.text("state")?,
            n: row.number("n")? as u64,
            weighted: share(row.ten_thousandths("share_weighted")),
        };
        Some((row.text("population")?, found))
    })?;
    Ok(rows.into_iter().filter(|(population, _)| population == "open").map(|(_, row)| row).collect())
}

pub(super) fn drift(release: &Path) -> Result<Vec<DriftRow>, Halt> {
    read(release, "link_drift", |row| {
        Some(DriftRow {
            dimension: row.text("dimension")?,
            category: row.text("category")?,
            before: (share(row.ten_thousandths("rate_before")), row.number("n_before")? as u64),
            new: (share(row.ten_thousandths("rate_new")), row.number("n_new")? as u64),
        })
    })
}
