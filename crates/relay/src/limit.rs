//! How fast requests may come: of one client, and of all together. Pure but for its lock; time is passed in.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Clients that are remembered. Where there are more, those that are not share one bucket.
const CLIENTS: usize = 4096;

/// So many a second, after so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

/// When a bucket is full again.
type FullAt = Duration;

/// The limits.
pub(crate) struct Limits {
    of_client: Rate,
    of_all: Rate,
    spent: Mutex<(FullAt, HashMap<Option<IpAddr>, FullAt>)>,
}

impl Rate {
    fn time(self, requests: u32) -> Duration {
        Duration::from_secs(1) * requests / self.per_second.max(1)
    }

    /// Takes one; or how long there is none.
    fn take(self, full_at: FullAt, now: Duration) -> Result<FullAt, Duration> {
        let after = full_at.max(now) + self.time(1);
        let allowed = now + self.time(self.burst.max(1));
        if after <= allowed {
            Ok(after)
        } else {
            Err(after - allowed)
        }
    }
}

impl Limits {
    pub(crate) fn new(of_client: Rate, of_all: Rate) -> Limits {
        Limits {
            of_client,
            of_all,
            spent: Mutex::default(),
        }
    }

    /// A request comes. Refused ones cost nothing, and are told the whole seconds to wait.
    pub(crate) fn take(&self, client: Option<IpAddr>, now: Duration) -> Result<(), u64> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, clients) = &mut *spent;
        let mut who = client.map(network);
        if !clients.contains_key(&who) && clients.len() >= CLIENTS {
            clients.retain(|_, full_at| *full_at > now);
            if clients.len() >= CLIENTS {
                who = None;
            }
        }
        let of_client = clients.get(&who).copied().unwrap_or_default();
        let seconds = |wait: Duration| wait.as_secs() + 1;
        let of_client = self.of_client.take(of_client, now).map_err(seconds)?;
        *all = self.of_all.take(*all, now).map_err(seconds)?;
        clients.insert(who, of_client);
        Ok(())
    }
}

/// Of IPv6, whoever has an address has a network of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_all_are_limited() {
        let rate = |per_second, burst| Rate { per_second, burst };
        let limits = Limits::new(rate(1, 2), rate(1, 4));
        let client = |n: u128| Some(IpAddr::V6(Ipv6Addr::from_bits(n << 64 | 7)));
        let now = Duration::from_secs(100);
        assert_eq!(limits.take(client(1), now), Ok(()));
        assert_eq!(limits.take(client(1), now), Ok(()));
        assert!(limits.take(client(1), now).is_err());
        assert_eq!(limits.take(client(2), now), Ok(()));
        assert_eq!(limits.take(client(3), now), Ok(()));
        assert!(limits.take(client(4), now).is_err(), "of all");
        assert_eq!(limits.take(client(1), now + Duration::from_millis(1001)), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let rate = Rate {
            per_second: 1,
            burst: u32::MAX,
        };
        let limits = Limits::new(rate, rate);
        for n in 0..10_000_u128 {
            let client = Some(IpAddr::V6(Ipv6Addr::from_bits(n << 64)));
            assert_eq!(limits.take(client, Duration::ZERO), Ok(()));
        }
        assert!(limits.spent.lock().unwrap().1.len() <= CLIENTS + 1);
    }
}
