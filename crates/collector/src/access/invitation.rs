//! The link by which the first user is made: printed when the collector starts and there is no user. It is good for one user, an
//! administrator, and for an hour; a later start prints another one, and no earlier one is good any more.

use jiff::{SignedDuration, Timestamp};

use super::session::SecretDigest;

/// How long it is good.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// Of the secret in the link.
    pub digest: SecretDigest,
    /// Until when it is good.
    pub until: Timestamp,
}

impl Invitation {
    /// A new one.
    pub fn new(digest: SecretDigest, now: Timestamp) -> Invitation {
        Invitation {
            digest,
            until: now.checked_add(GOOD_FOR).unwrap_or(Timestamp::MAX),
        }
    }
}
