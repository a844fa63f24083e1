//! The four sources of a cluster's telemetry, and how each is asked.

use std::fmt;
use std::str::FromStr;

/// One of the four endpoints that signal polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The merged health report of dcos-diagnostics.
    Diagnostics,
    /// Cosmos' list of installed packages.
    Cosmos,
    /// The Mesos master's frameworks.
    Frameworks,
    /// The Mesos master's metrics.
    Metrics,
}

impl Source {
    /// All sources, in the order in which the original asks them.
    pub const ALL: [Self; 4] = [Self::Diagnostics, Self::Cosmos, Self::Frameworks, Self::Metrics];

    /// The name used on command lines and in ready lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Diagnostics => "diagnostics",
            Self::Cosmos => "cosmos",
            Self::Frameworks => "frameworks",
            Self::Metrics => "metrics",
        }
    }

    /// The real path of the endpoint, without a query.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Diagnostics => "/system/health/v1/report",
            Self::Cosmos => "/package/list",
            Self::Frameworks => "/frameworks",
            Self::Metrics => "/metrics/snapshot",
        }
    }

    /// The only method that the endpoint takes.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Cosmos => "POST",
            Self::Diagnostics | Self::Frameworks | Self::Metrics => "GET",
        }
    }

    /// The content type of a good answer.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Cosmos => "application/vnd.dcos.package.list-response+json;charset=utf-8;version=v1",
            Self::Diagnostics | Self::Frameworks | Self::Metrics => "application/json",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSource(String);

impl fmt::Display for UnknownSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no source is called `{}`: use diagnostics, cosmos, frameworks or metrics",
            self.0
        )
    }
}

impl std::error::Error for UnknownSource {}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|source| source.name() == text)
            .ok_or_else(|| UnknownSource(text.to_owned()))
    }
}
