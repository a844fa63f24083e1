//! `opt-out` and `opt-in`: what the operator of this host says, kept in the state directory.

use std::io::Write;

use super::Error;
use crate::consent::{Consent, FILE, Said};
use crate::cycle::{self, Cycle};
use crate::gate::Decision;

/// Off from now on: for this process's next request, for a running loop at once. Deletes what was kept, and sends nothing.
///
/// # Errors
/// It can't be remembered.
pub fn out(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    say(cycle, Said::OptOut)?;
    cycle.delete_kept()?;
    writeln!(
        out,
        "Telemetry of this host is off. Nothing is collected, kept or sent, and nobody was told."
    )?;
    writeln!(
        out,
        "What was sent before can be deleted at the collector: heliograph-signal forget"
    )?;
    others(out)
}

/// Undoes `opt-out`, and skips the notice.
///
/// # Errors
/// It can't be remembered.
pub fn r#in(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    say(cycle, Said::OptIn)?;
    match cycle.decide()? {
        Decision::On(why) => writeln!(out, "Telemetry of this host is on: {why}.")?,
        Decision::Off(why) | Decision::NotUnderstood(why) => {
            writeln!(out, "Noted, but telemetry stays off: {why}.")?
        }
        Decision::Notice { .. } => writeln!(out, "Noted.")?,
    }
    writeln!(
        out,
        "If this cluster was forgotten, its collector goes on ignoring it until an administrator there lifts that."
    )?;
    Ok(())
}

pub(super) fn say(cycle: &Cycle<'_>, said: Said) -> Result<(), Error> {
    let state = cycle.state()?;
    // A file that can't be read is replaced: the operator is saying it anew.
    let before = Consent::read(state.path()).unwrap_or_default();
    let consent = Consent {
        said: Some(said),
        since: Some(cycle.clock.wall()),
        ..before
    };
    let path = state.path().join(FILE);
    consent
        .write(&state)
        .map_err(|source| cycle::Error::Write { path, source })?;
    Ok(())
}

/// What this host's word does not reach.
pub(super) fn others(out: &mut dyn Write) -> Result<(), Error> {
    writeln!(
        out,
        "This holds for this host only. For the cluster's other masters, copy the file `consent`, or set enabled = false in the configuration that they share."
    )?;
    Ok(())
}
