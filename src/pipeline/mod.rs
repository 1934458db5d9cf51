//! The stages in order. The one place that sees both sides of the boundary.
//!
//! `pull` brings a source's records through the door into staged batches and publishes them with their cursors;
//! `link` says which subjects are one learner; `build` and `release` make tables and a snapshot of them.
mod admit;
mod audit;
mod backload;
#[cfg(feature = "warehouse")]
mod build;
mod compact;
mod evidence;
mod expire;
mod export;
mod files;
mod fold;
mod grown;
mod intake;
#[cfg(feature = "warehouse")]
mod lineage;
mod link;
mod map;
mod outside;
mod passed;
mod preview;
mod pull;
#[cfg(feature = "warehouse")]
mod query;
mod reason;
#[cfg(feature = "warehouse")]
mod release;
#[cfg(feature = "warehouse")]
mod resolve;
mod retention;
pub mod review;
mod rights;
mod rotate;
mod runs;
mod scan;
mod service;
mod site;
mod stage;
mod stop;
#[cfg(feature = "warehouse")]
mod study;
#[cfg(feature = "warehouse")]
mod trace;
mod unready;

pub use admit::{Admission, admit, operator};
pub use audit::{AuditFault, Verified, export_audit, head, read_head, verify_audit, verify_export};
pub use backload::{CohortOutlook, Lack, Outlook, Sorting, backload, coverage, outlooks, sort};
#[cfg(feature = "warehouse")]
pub use build::{BuildReport, Explained, build, forget_build, write_shell};
pub use compact::{Compacted, compact, compaction};
pub use evidence::{Evidence, Ground, Listing, Part, Statement, evidence};
pub use expire::{Expiry, PastKeeping, clear, expire, expiry_counted};
pub use export::{Marked, export};
#[cfg(feature = "warehouse")]
pub use lineage::{Lineage, Node, Origin, lineage};
pub use link::{
    Drift, LinkReport, ListedModel, ModelEffect, TrainReport, adopt_model, link, link_accepted, models, train,
};
pub use map::{Fit, Mapped, Untried, map};
pub use outside::{outside, write_private};
pub use passed::{PassedOver, passed_over, patterns};
pub use preview::{FeedPreview, Preview, RecordPreview, Sample, preview};
pub use pull::{Effect, PullOptions, PullReport, SourceOutcome, SourceReport, Trial, pull};
#[cfg(feature = "warehouse")]
pub use query::{Entered, OpenRelease, QueryFault, Question, Reply, Word, comes_after, open_release, query};
pub use reason::{ReasonFault, reason_given, take_reason};
#[cfg(feature = "warehouse")]
pub use release::release;
#[cfg(feature = "warehouse")]
pub use resolve::{
    Answered, Ask, Missing, Reach, ResolveFault, Resolved, RollCount, SupplierCopy, answer_folder, resolve,
};
pub use retention::{Asked, Cleared, check_policy};
pub use rights::{
    Confirmed, Right, RightsFault, WriteCopy, cases, certificate_of, confirm, open_case, withdraw,
};
pub use rotate::{RotateFault, Rotated, rotate};
pub use runs::{Verdict, approve, discard};
pub use scan::{Found, KnownIds, KnownStudies, Mark, Scanned, Whose, scan};
pub use site::{Site, SiteFault, clear_left_over, key_fits};
pub use stop::Stop;
#[cfg(feature = "warehouse")]
pub use study::{
    Closed, Cut, Measured, OpenStudy, Shown, StudyFault, approve_study, check_study, close_study, cut_study,
    dummy_study, known_studies, open_study, own_shape, request_study, requests, run_study, try_study,
};
#[cfg(feature = "warehouse")]
pub use trace::{Fed, FilePlace, Trace, TraceFault, Wanted, trace};
pub use unready::unready;

/// What a person at a terminal is shown while a verb works.
pub trait Watch {
    /// A part of the work begins: its name, and which of how many.
    fn part(&mut self, name: &str, at: usize, of: usize);
    /// So many more records are done in this part.
    fn records(&mut self, more: u64);
}

/// Shows nothing.
pub struct Unwatched;

impl Watch for Unwatched {
    fn part(&mut self, _: &str, _: usize, _: usize) {}
    fn records(&mut self, _: u64) {}
}
