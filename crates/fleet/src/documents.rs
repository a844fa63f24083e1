//! What a cluster's four sources say, as the bytes they are served as.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs, io};

use crate::cluster::Cluster;
use crate::source::Source;
use crate::spec::ClusterSpec;
use crate::{health, mesos, packages};

/// The four documents of one cluster at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documents {
    /// The health report (`/system/health/v1/report`).
    pub health: Arc<[u8]>,
    /// The installed packages (`/package/list`).
    pub cosmos: Arc<[u8]>,
    /// The frameworks (`/frameworks`).
    pub frameworks: Arc<[u8]>,
    /// The metrics (`/metrics/snapshot`).
    pub metrics: Arc<[u8]>,
}

/// A document that could not be read.
#[derive(Debug)]
pub struct UnreadableDocument {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for UnreadableDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(
            f,
            "can't read {path}: a folder of documents holds health.json, cosmos.json, frameworks.json and metrics.json"
        )
    }
}

impl Error for UnreadableDocument {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl Documents {
    /// Makes the documents of a cluster: the same ones of the same spec, always.
    #[must_use]
    pub fn generate(spec: &ClusterSpec) -> Self {
        let cluster = Cluster::plan(spec);
        Self {
            health: health::render(&cluster).into(),
            cosmos: packages::render(&cluster).into(),
            frameworks: mesos::frameworks(&cluster).into(),
            metrics: mesos::metrics(&cluster).into(),
        }
    }

    /// Reads `health.json`, `cosmos.json`, `frameworks.json` and `metrics.json` of a folder, byte for byte.
    ///
    /// # Errors
    /// Names the first file that can't be read.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, UnreadableDocument> {
        let read = |name: &str| {
            let path = dir.as_ref().join(name);
            match fs::read(&path) {
                Ok(bytes) => Ok(Arc::from(bytes)),
                Err(source) => Err(UnreadableDocument { path, source }),
            }
        };
        Ok(Self {
            health: read("health.json")?,
            cosmos: read("cosmos.json")?,
            frameworks: read("frameworks.json")?,
            metrics: read("metrics.json")?,
        })
    }

    /// The document that a source serves.
    #[must_use]
    pub const fn of(&self, source: Source) -> &Arc<[u8]> {
        match source {
            Source::Diagnostics => &self.health,
            Source::Cosmos => &self.cosmos,
            Source::Frameworks => &self.frameworks,
            Source::Metrics => &self.metrics,
        }
    }
}
