//! What can go wrong with a release. No fault holds a value of a table: files and tables are named, nothing else.

use std::io;
use std::path::Path;

/// Why a release could not be published or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseFault {
    /// A file or folder could not be read or written.
    #[error("{file}: {kind}")]
    File {
        /// Its name, without the folders above it.
        file: String,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// A table's file is not the one that was built.
    #[error("table {table}: the file is not what its checksum says; build again")]
    TableChanged {
        /// The table.
        table: String,
    },
    /// A name that could not stand in SQL or a file name, or stands twice.
    #[error("{name}: not a table or column name, or not the only one of that name")]
    Name {
        /// The name.
        name: String,
    },
    /// No table at all.
    #[error("nothing to release: the build published no table")]
    Empty,
    /// The database file could not be made.
    #[error("warehouse.duckdb: {what}")]
    Database {
        /// What the warehouse says of it, without values.
        what: String,
    },
    /// There is no release of that id.
    #[error("there is no release {id}")]
    NotFound {
        /// The id.
        id: String,
    },
    /// A manifest that does not read as one.
    #[error("release {id}: manifest.json is not a manifest")]
    Manifest {
        /// The release.
        id: String,
    },
    /// The release is there and is not as it was published.
    #[error("release {id} is damaged ({flaws} found): move it away and publish again")]
    Damaged {
        /// The release.
        id: String,
        /// How many files are wrong.
        flaws: usize,
    },
}

impl ReleaseFault {
    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        let name = path.file_name().map_or_else(|| "releases".into(), |name| name.to_string_lossy());
        Self::File { file: name.into_owned(), kind: error.kind() }
    }
}
