//! The audit, checked where it lies or where it was taken to, and taken there.
use super::{Site, SiteFault};
use crate::catalog::{Bad, Chain, Head, HeadFault, private_file, verify_chain};
use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::Path,
};

/// Why the audit could not be read, checked or taken.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// The file could not be read or written.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// The file is no head.
    #[error("{0} is no head of an audit: make one with `throughline audit head --to FILE`")]
    NoHead(String),
    /// The site.
    #[error(transparent)]
    Site(#[from] SiteFault),
}

/// What checking found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The chain's end, or the first bad entry.
    pub chain: Result<Chain, Bad>,
    /// What is to be said of the head: nothing where there is none, or nobody can tell without the key.
    pub head: Option<Result<(), HeadFault>>,
}

impl Verified {
    /// Whether nothing is wrong. A head that another key signed proves nothing either way.
    pub fn is_sound(&self) -> bool {
        self.chain.is_ok() && self.head != Some(Err(HeadFault::Forged))
    }
}

fn at<T>(file: &Path, done: io::Result<T>) -> Result<T, AuditFault> {
    done.map_err(|error| AuditFault::File(file.display().to_string(), error))
}

/// Reads a head that was kept.
pub fn read_head(file: &Path) -> Result<Head, AuditFault> {
    let text = at(file, fs::read(file))?;
    serde_json::from_slice(&text).map_err(|_| AuditFault::NoHead(file.display().to_string()))
}

/// Where the chain has come to, signed.
pub fn head(site: &Site) -> Result<Head, SiteFault> {
    let (entries, digest) = site.catalog.audit_head()?.unwrap_or_else(|| {
        let Chain { entries, digest } = Chain::default();
        (entries, digest)
    });
    Ok(Head::sign(&site.key, entries, digest, site.stamp()))
}

/// Follows the catalog's own chain.
pub fn verify_audit(site: &Site, head: Option<&Head>) -> Result<Verified, SiteFault> {
    let (mut chain, mut bad) = (Chain::default(), None);
    site.catalog.each_audit(i64::MIN, |entry| {
        bad = chain.follow(&entry, head).err();
        bad.is_none()
    })?;
    let chain = match bad {
        Some(bad) => Err(bad),
        None => chain.end(head),
    };
    Ok(Verified { chain, head: head.map(|head| head.check(&site.key)) })
}

/// Follows an exported chain; asks for no key and no data folder.
pub fn verify_export(file: &Path, head: Option<&Head>) -> Result<Verified, AuditFault> {
    let lines = BufReader::with_capacity(1 << 20, at(file, File::open(file))?);
    let chain = at(file, verify_chain(lines, head))?;
    Ok(Verified { chain, head: None })
}

/// Writes the whole chain to a new file, a line an entry. Gives how many.
pub fn export_audit(site: &Site, file: &Path) -> Result<i64, AuditFault> {
    let mut out = BufWriter::new(at(file, private_file(file))?);
    let (mut entries, mut wrong) = (0, Ok(()));
    let read = site.catalog.each_audit(i64::MIN, |entry| {
        entries += 1;
        wrong = serde_json::to_writer(&mut out, &entry)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"));
        wrong.is_ok()
    });
    read.map_err(SiteFault::from)?;
    at(file, wrong)?;
    let written = out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    at(file, written)?;
    Ok(entries)
}
