//! The notice that a fresh installation shows before anything is collected.

use jiff::Timestamp;

use crate::consent::Consent;
use crate::cycle::{Cycle, Error};

/// Shows the notice, and remembers when it was shown first.
///
/// # Errors
/// It can't be remembered; then nothing is collected either.
pub(crate) fn show(until: Option<Timestamp>, cycle: &Cycle<'_>) -> Result<(), Error> {
    let until = match until {
        Some(until) => until,
        None => {
            let state = cycle.state()?;
            let now = cycle.clock.wall();
            let path = state.path().join(crate::consent::FILE);
            let changed = Consent::change(&state, |consent| _ = consent.noticed.get_or_insert(now));
            changed.map_err(|source| Error::Write { path, source })?;
            now.checked_add(cycle.config.notice_period).unwrap_or(now)
        }
    };
    tracing::warn!("{}", text(until, cycle.config.sink.to_string().as_str()));
    Ok(())
}

/// The notice.
pub(crate) fn text(until: Timestamp, sink: &str) -> String {
    format!(
        "this host is about to report the health, capacity and packages of its cluster to {sink}, every hour from {until:.0} on; \
         and, where heliograph-relay runs, log-ins and page views of its web UI, without names or addresses. \
         Nothing has been collected yet. `heliograph-signal explain` tells what would be sent, `preview` shows it, \
         `opt-in` begins at once, `opt-out` makes sure that it never does"
    )
}
