//! Forwarding: everything that is kept goes on to one other place as well: Segment beside us, a site's collector, or a second
//! collector that stands by.
//!
//! Promise: what was acknowledged is sent until the target has taken it, or has refused it for good, in the order of its receipt, with
//! the ids it came with; whoever is forgotten is not sent any more. A target that takes something twice drops it by its id.
//!
//! There is no second copy: the batches of the ingest transaction are what waits, and a cursor says how far the target has taken them.
//! It is written at most once a second, and what is sent again after a kill is a repeat there. Raw batches that wait are kept
//! longer than `retention_raw`, within a bound (`store/retention`). One thread reads, sends and waits; nobody else waits for it.
//!
//! | module | noun |
//! |---|---|
//! | `message` | a message as it leaves; pure |
//! | `pace` | when to try again; pure |
//! | `keys` | the target's write keys; pure |
//! | `parcel` | what is sent at once, and halving what is refused; pure |
//! | `target` | one request, and what its answer means |
//! | `courier` | the thread |

mod courier;
mod keys;
mod message;
mod pace;
mod parcel;
mod target;

use std::path::PathBuf;

use jiff::Timestamp;

pub(crate) use self::courier::{Courier, Setup, passes_orders};
pub use self::message::Guise;
use crate::ingest::subject::Subject;

/// Where to begin with a target that nothing was forwarded to yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With what comes from now on.
    Now,
    /// With the oldest message that is kept.
    Beginning,
}

impl Since {
    /// All of them.
    pub const ALL: [Since; 2] = [Since::Now, Since::Beginning];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Since::Now => "now",
            Since::Beginning => "beginning",
        }
    }
}

/// What is configured of forwarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarding {
    /// The target's base URL; `None` for no forwarding.
    pub url: Option<String>,
    /// As what it is sent.
    pub guise: Guise,
    /// Where to begin.
    pub since: Since,
    /// The file with the target's write keys.
    pub keys: Option<PathBuf>,
    /// The file with a token of the target's scope `admin`: then orders to forget somebody are passed on.
    pub token: Option<PathBuf>,
    /// Certificates that are trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// The proxy to go through.
    pub proxy: Option<String>,
}

impl Default for Forwarding {
    fn default() -> Forwarding {
        Forwarding {
            url: None,
            guise: Guise::Sender,
            since: Since::Now,
            keys: None,
            token: None,
            ca: None,
            proxy: None,
        }
    }
}

/// What can't be forwarded with.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// A key of the configuration is missing.
    #[error("forward_url is set, and forward_write_key_file is not: the target's write key is needed")]
    NoKey,
    /// A file can't be read.
    #[error("{key}: can't read {}", .path.display())]
    Unreadable {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{key}: {} holds {what}", .path.display())]
    Useless {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is in it.
        what: String,
    },
    /// The proxy is none that can be used.
    #[error("forward_proxy is not the URL of an http proxy, such as http://proxy.example:3128")]
    Proxy,
}

/// How far forwarding to a target is: what is written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// The target.
    pub target: String,
    /// The last batch of which all is done.
    pub batch: i64,
    /// Orders that were passed on.
    pub orders: Vec<i64>,
    /// Messages that it refused for good.
    pub refused: Vec<Refused>,
}

/// A message that a target refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The batch that it is in.
    pub batch: i64,
    /// Its id.
    pub message_id: String,
    /// What the target said.
    pub what: String,
    /// When.
    pub at: Timestamp,
}

/// An order that is to be passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOn {
    /// Its number.
    pub id: i64,
    /// The name of the action, as Segment has it.
    pub action: String,
    /// The kind of the subject.
    pub kind: String,
    /// Whose id.
    pub subject: String,
    /// Whether it is about less than all that there is of them: the messages of one key, or of one reporter.
    pub limited: bool,
}

/// Whose messages must not leave any more.
#[derive(Debug, Default)]
pub struct Withheld {
    /// Another number after every change.
    pub generation: i64,
    /// Who is suppressed.
    pub suppressed: crate::forget::suppressions::Suppressions,
    /// Who is being deleted: whose, of which messages, up to which batch.
    pub deletions: Vec<(Subject, crate::forget::reach::Reach, i64)>,
}
