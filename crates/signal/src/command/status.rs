//! `status`: what was tried, what waits, what was dropped, what is wrong. Opens no socket.

use std::io::Write;

use super::Error;
use crate::attempt::Attempt;
use crate::cycle::Cycle;
use crate::deliver;
use crate::gate::Decision;
use crate::spool::Spool;
use crate::state::State;

/// Writes the status.
///
/// # Errors
/// The state directory can't be read.
pub fn status(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let on = match cycle.decide()? {
        Decision::On(why) => format!("on ({why})"),
        Decision::Off(why) | Decision::NotUnderstood(why) => format!("off ({why})"),
        Decision::Notice { .. } => "not yet: the notice period runs".to_owned(),
    };
    writeln!(out, "telemetry      {on}")?;
    let path = cycle.state_path();
    if !path.exists() {
        writeln!(
            out,
            "state          {} does not exist: nothing was tried yet",
            path.display()
        )?;
        return Ok(());
    }
    let state = State::open(path)?;
    let tried = Attempt::read(&state)
        .hour
        .map_or("never".to_owned(), |hour| hour.to_string());
    writeln!(out, "last tried     {tried}")?;
    if state.path().join("spool").exists() {
        let spool = Spool::open(&state, cycle.config.spool)?;
        let entries = spool.list()?;
        let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        writeln!(
            out,
            "waiting        {} parcels, {bytes} of at most {} bytes, in {}",
            entries.len(),
            cycle.config.spool.bytes,
            spool.path().display()
        )?;
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            writeln!(out, "               from {} to {}", first.name, last.name)?;
        }
        let counts = spool.counts()?;
        writeln!(
            out,
            "dropped        {} for space, {} for age",
            counts.dropped_for_space, counts.dropped_for_age
        )?;
        writeln!(
            out,
            "set aside      {} files, {} refused messages; {} removed again",
            counts.aside, counts.refused, counts.trimmed
        )?;
    }
    let pace = deliver::read_pace(state.path());
    match (&pace.problem, pace.failing_since) {
        (Some(problem), Some(since)) => writeln!(out, "delivery       fails since {since:.0}: {problem}")?,
        _ => writeln!(out, "delivery       nothing is wrong")?,
    }
    if let Some(until) = deliver::held_until(state.path(), cycle.clock.wall()) {
        writeln!(out, "next try       not before {until:.0}")?;
    }
    Ok(())
}
