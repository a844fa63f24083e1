//! Limits of rate: so many requests and bytes per second, of each client and with each write key, so that one of them that runs
//! wild costs the others nothing. Whoever is over is told when to come again; what is refused costs nothing of what it may.
//!
//! Memory only, and a fixed amount of it ([`table`]); after a restart everybody may begin anew.

pub(crate) mod bucket;
mod table;

use std::hash::Hash;
use std::time::Duration;

use self::bucket::Rate;
use self::table::Table;
use crate::client::Client;
use crate::clock::Stopwatch;
use crate::config::Config;
use crate::key::KeyId;

/// Clients that are remembered, about 2 MiB.
const CLIENTS: usize = 64 << 10;
/// Keys that are remembered. Few have more.
const KEYS: usize = 4 << 10;

/// How fast something may come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    /// Requests per second; `None` for any number.
    pub(crate) requests: Option<Rate>,
    /// Bytes per second; `None` for any number.
    pub(crate) bytes: Option<Rate>,
}

/// More came than may. It may again after some time, in whole seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over {
    /// These seconds.
    pub(crate) seconds: u64,
}

/// The limits.
pub(crate) struct Limits {
    clock: Stopwatch,
    clients: Option<Limiter<Client>>,
    keys: Option<Limiter<KeyId>>,
}

/// Limits those of one kind, each by itself.
pub(crate) struct Limiter<K> {
    rates: Rates,
    table: Table<K>,
}

impl Limits {
    /// The configured ones.
    pub(crate) fn of(config: &Config) -> Limits {
        Limits {
            clock: Stopwatch::start(),
            clients: Limiter::new(
                Rates {
                    requests: config.client_requests,
                    bytes: config.client_bytes,
                },
                CLIENTS,
            ),
            keys: Limiter::new(
                Rates {
                    requests: config.key_requests,
                    bytes: config.key_bytes,
                },
                KEYS,
            ),
        }
    }

    /// A client's request comes; what is known of its bytes is charged.
    pub(crate) fn client(&self, client: Client, bytes: u64) -> Result<(), Over> {
        self.request(self.clients.as_ref(), client, bytes)
    }

    /// More bytes of a client's request came.
    pub(crate) fn client_bytes(&self, client: Client, bytes: u64) {
        self.more(self.clients.as_ref(), client, bytes);
    }

    /// A request comes with a key.
    pub(crate) fn key(&self, key: KeyId) -> Result<(), Over> {
        self.request(self.keys.as_ref(), key, 0)
    }

    /// The bytes of a request that came with a key.
    pub(crate) fn key_bytes(&self, key: KeyId, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.more(self.keys.as_ref(), key, bytes);
    }

    fn request<K: Hash + Eq + Copy>(
        &self,
        limiter: Option<&Limiter<K>>,
        who: K,
        bytes: u64,
    ) -> Result<(), Over> {
        limiter.map_or(Ok(()), |limiter| {
            limiter.request(who, bytes, self.clock.elapsed())
        })
    }

    fn more<K: Hash + Eq + Copy>(&self, limiter: Option<&Limiter<K>>, who: K, bytes: u64) {
        if let Some(limiter) = limiter {
            limiter.more(who, bytes, self.clock.elapsed());
        }
    }
}

impl<K: Hash + Eq + Copy> Limiter<K> {
    /// `None` where nothing is limited.
    pub(crate) fn new(rates: Rates, remembered: usize) -> Option<Limiter<K>> {
        (rates != Rates::default()).then(|| Limiter {
            rates,
            table: Table::new(remembered),
        })
    }

    /// A request comes; what is known of its bytes is charged.
    pub(crate) fn request(&self, who: K, bytes: u64, now: Duration) -> Result<(), Over> {
        let Rates {
            requests: of_requests,
            bytes: of_bytes,
        } = self.rates;
        self.table.with(who, |spent| {
            let open = [(of_requests, spent.requests), (of_bytes, spent.bytes)]
                .into_iter()
                .filter_map(|(rate, spent)| spent.wait(rate?, now))
                .max();
            if let Some(wait) = open {
                return Err(Over::after(wait));
            }
            if let Some(rate) = of_requests {
                spent.requests.charge(rate, 1, now);
            }
            if let Some(rate) = of_bytes {
                spent.bytes.charge(rate, bytes, now);
            }
            Ok(())
        })
    }

    /// More bytes came.
    pub(crate) fn more(&self, who: K, bytes: u64, now: Duration) {
        if let Some(rate) = self.rates.bytes
            && bytes > 0
        {
            self.table.with(who, |spent| spent.bytes.charge(rate, bytes, now));
        }
    }
}

impl Over {
    fn after(wait: Duration) -> Over {
        let begun = u64::from(wait.subsec_nanos() > 0);
        Over {
            seconds: wait.as_secs().saturating_add(begun).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(requests: &str, bytes: &str) -> Limiter<u32> {
        let rates = Rates {
            requests: bucket::tests::count(requests),
            bytes: bucket::tests::count(bytes),
        };
        Limiter::new(rates, 64).unwrap()
    }

    #[test]
    fn requests_and_bytes_are_both_limited_for_each_alone() {
        let (now, second) = (Duration::from_secs(9), Duration::from_secs(1));
        let limiter = limiter("1/s burst 2", "10/s burst 100");
        let over = |seconds| Err(Over { seconds });
        assert_eq!(limiter.request(1, 0, now), Ok(()));
        assert_eq!(limiter.request(1, 0, now), Ok(()));
        assert_eq!(limiter.request(1, 0, now), over(1));
        // What was refused cost nothing.
        assert_eq!(limiter.request(1, 0, now + second), Ok(()));
        // Others are not held up by it, and not by what it sent.
        assert_eq!(limiter.request(2, 200, now), Ok(()));
        assert_eq!(limiter.request(2, 0, now + second), over(10));
        assert_eq!(limiter.request(2, 0, now + 11 * second), Ok(()));
        // Bytes that are known only afterwards count as well.
        limiter.more(3, 150, now);
        assert_eq!(limiter.request(3, 0, now), over(6));
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_limited() {
        assert!(Limiter::<u32>::new(Rates::default(), 64).is_none());
    }

    #[test]
    fn seconds_are_whole() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_500, 60)] {
            assert_eq!(Over::after(Duration::from_millis(milliseconds)), Over { seconds });
        }
    }
}
