//! How often somebody may try to log in: for each name, and for each client, in memory only. What fails costs; what succeeds costs
//! next to nothing, so that people behind one proxy are in nobody's way.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::clock::Stopwatch;
use crate::limit::bucket::Rate;
use crate::limit::{Limiter, Over, Rates};

/// What an attempt that fails costs: so many seconds of the bucket's filling.
const FAILURE: u64 = 30;
/// What every attempt costs.
const ATTEMPT: u64 = 1;
/// Failures of one name at once; then one in [`FAILURE`] seconds.
const OF_NAME: u64 = 10;
/// Failures of one client at once.
const OF_CLIENT: u64 = 20;
/// Names and clients that are remembered.
const REMEMBERED: usize = 16 << 10;

/// The attempts of late.
pub(crate) struct Attempts {
    clock: Stopwatch,
    names: Option<Limiter<[u8; 16]>>,
    clients: Option<Limiter<Client>>,
}

impl Default for Attempts {
    fn default() -> Attempts {
        let rates = |failures: u64| Rates {
            requests: None,
            bytes: Rate::new(1, failures * FAILURE),
        };
        Attempts {
            clock: Stopwatch::start(),
            names: Limiter::new(rates(OF_NAME), REMEMBERED),
            clients: Limiter::new(rates(OF_CLIENT), REMEMBERED),
        }
    }
}

impl Attempts {
    /// Somebody tries.
    ///
    /// # Errors
    /// With when they may again, when they tried too often.
    pub(crate) fn try_again(&self, name: &str, client: Option<Client>) -> Result<(), Over> {
        self.charge(name, client, ATTEMPT)
    }

    /// Whether they may still, when it is their turn: others may have failed meanwhile.
    ///
    /// # Errors
    /// As for [`Attempts::try_again`].
    pub(crate) fn may_still(&self, name: &str, client: Option<Client>) -> Result<(), Over> {
        self.charge(name, client, 0)
    }

    /// They failed.
    pub(crate) fn failed(&self, name: &str, client: Option<Client>) {
        let now = self.clock.elapsed();
        if let Some(names) = &self.names {
            names.more(key(name), FAILURE, now);
        }
        if let (Some(clients), Some(client)) = (&self.clients, client) {
            clients.more(client, FAILURE, now);
        }
    }

    fn charge(&self, name: &str, client: Option<Client>, cost: u64) -> Result<(), Over> {
        self.charge_at(name, client, cost, self.clock.elapsed())
    }

    fn charge_at(&self, name: &str, client: Option<Client>, cost: u64, now: Duration) -> Result<(), Over> {
        if let (Some(clients), Some(client)) = (&self.clients, client) {
            clients.request(client, cost, now)?;
        }
        match &self.names {
            Some(names) => names.request(key(name), cost, now),
            None => Ok(()),
        }
    }
}

/// A name, as what is remembered of it: however long somebody makes it.
fn key(name: &str) -> [u8; 16] {
    let hash = Sha256::digest(name.trim().to_ascii_lowercase());
    std::array::from_fn(|at| hash[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_client_fail_so_often_and_not_more_often() {
        let client = |last| Some(Client::of([192, 0, 2, last].into()));
        let attempts = Attempts::default();
        for at in 0..OF_NAME {
            // From everywhere.
            let from = client(u8::try_from(at).unwrap());
            assert_eq!(attempts.try_again("ada", from), Ok(()), "{at}");
            attempts.failed("ada", from);
        }
        assert!(attempts.try_again(" ADA", client(99)).is_err());
        assert!(attempts.may_still("ada", client(99)).is_err());
        assert_eq!(attempts.try_again("bob", client(1)), Ok(()));
        // Whatever the names.
        for at in 0..OF_CLIENT {
            let name = at.to_string();
            assert_eq!(attempts.try_again(&name, client(200)), Ok(()), "{at}");
            attempts.failed(&name, client(200));
        }
        let over = attempts.try_again("cem", client(200)).unwrap_err();
        assert!((1..=60).contains(&over.seconds), "{over:?}");
        let later = attempts.clock.elapsed() + Duration::from_secs(61);
        assert_eq!(attempts.charge_at("cem", client(200), 1, later), Ok(()));
        // Those who know their passwords are held up by nothing.
        for _ in 0..100 {
            assert_eq!(attempts.try_again("dee", client(201)), Ok(()));
        }
    }
}
