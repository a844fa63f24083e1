//! The cluster as a master sees it.
//!
//! ```text
//! lists ─members→ membership ─→ schedule ─turns→ poll ─documents→ node ─┐
//!                                                                      view ─→ document → http
//! ```
//!
//! Everything that decides is pure and gets the time passed in: who belongs to the cluster ([`membership`]), who is asked when
//! ([`schedule`]), what an answer or its absence makes of a node ([`node`]), what that is for a unit across all nodes ([`view`]).
//! `pull` is the thin shell around them: one task that owns all of it, asks, and publishes views.

pub mod member;
pub mod membership;
pub mod node;
pub mod schedule;
pub mod view;

mod blocking;
mod client;
mod keys;
mod list;
mod poll;
mod pull;

use std::time::Duration;

pub(crate) use self::client::{Failure, converse};
pub use self::client::{Url, UrlError};
pub use self::keys::KeyFiles;
pub use self::list::{DcosUrls, Listing, ListingError};
pub use self::poll::MAX_DOCUMENT;
pub(crate) use self::pull::start;
pub use self::pull::{Cluster, NothingSeen, Pulls, Seen};

/// How the cluster is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Its members, and where they are listed; empty: this node does not look at its cluster.
    pub members: Vec<Listing>,
    /// Where DC/OS' lists are.
    pub dcos: DcosUrls,
    /// Where masters, and members of unknown role, are asked.
    pub master_port: u16,
    /// Where agents are asked.
    pub agent_port: u16,
    /// How often each node is asked.
    pub interval: Duration,
    /// How long a node may take to answer.
    pub timeout: Duration,
    /// Most nodes that are asked at a time.
    pub concurrency: usize,
    /// How long a list may take to be read.
    pub list_timeout: Duration,
    /// How long a member is kept that its list no longer names.
    pub hold: Duration,
    /// What is shown to members, and by what they are known.
    pub keys: KeyFiles,
    /// How long a request that wants to know anew waits for that.
    pub patience: Duration,
}

/// Where Exhibitor tells of the masters, as on every master of DC/OS.
const EXHIBITOR: &str = "http://127.0.0.1:8181/exhibitor/v1/cluster/status";
/// Where the leading Mesos master tells of the agents.
const MESOS: &str = "http://leader.mesos:5050/slaves";
/// Where nodes are asked, as by the original.
const PORT: u16 = 1050;

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            members: vec![Listing::SELF],
            dcos: DcosUrls {
                exhibitor: Url::from_static(EXHIBITOR),
                mesos: Url::from_static(MESOS),
            },
            master_port: PORT,
            agent_port: PORT,
            interval: Duration::from_mins(1),
            timeout: Duration::from_secs(3),
            concurrency: 64,
            list_timeout: Duration::from_secs(10),
            hold: Duration::from_mins(15),
            keys: KeyFiles::default(),
            patience: Duration::from_secs(8),
        }
    }
}
