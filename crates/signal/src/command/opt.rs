//! `opt-out` and `opt-in`: what the operator of this host says, kept in the state directory.

use std::io::Write;

use super::Error;
use crate::consent::{Consent, FILE, Said};
use crate::cycle::{self, Cycle};
use crate::gate::Decision;
use crate::state;

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
    others(cycle, out)
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
    let path = state.path().join(FILE);
    let changed = Consent::change(&state, |consent| {
        consent.said = Some(said);
        consent.since = Some(cycle.clock.wall());
    });
    changed.map_err(|source| cycle::Error::Write { path, source })?;
    Ok(())
}

/// What this host's word does not reach.
pub(super) fn others(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let path = cycle.state_path();
    writeln!(
        out,
        "It is written in {}, for whoever runs with that state directory.",
        path.join(FILE).display()
    )?;
    let service = std::path::Path::new(state::SERVICE_PATH);
    if path != service && service.exists() {
        writeln!(
            out,
            "BUT the service of this host has another, {}: say it again as root.",
            service.display()
        )?;
    }
    writeln!(
        out,
        "This holds for this host only. For the cluster's other masters, copy the file `consent`, or set enabled = false in the configuration that they share."
    )?;
    Ok(())
}
