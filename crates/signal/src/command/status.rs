//! `status`: what was tried, what waits, what was delivered, what was dropped, what is wrong. Opens no socket.

use std::io::Write;

use heliograph_wire::parcel::Kind;

use super::Error;
use crate::attempt::Attempt;
use crate::contents::Contents;
use crate::cycle::Cycle;
use crate::deliver;
use crate::gate::Decision;
use crate::heard::Heard;
use crate::ledger::Ledger;
use crate::ledger::sum::Delivered;
use crate::source::Source;
use crate::spool::{Entry, Spool};
use crate::state::State;

/// Kinds of parcels, as they are told.
const KINDS: [(Kind, &str); 3] = [
    (Kind::Report, "reports"),
    (Kind::Event, "installation events"),
    (Kind::Ui, "the web UI"),
];

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
    sources(cycle, &state, out)?;
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
        for (kind, name) in KINDS {
            let own: Vec<_> = entries.iter().filter(|entry| entry.kind() == kind).collect();
            if let Some(last) = own.last() {
                let contents = contents(&spool, &own)?;
                writeln!(
                    out,
                    "               {name}: {contents}, in {} parcels, the last {}",
                    own.len(),
                    last.name
                )?;
            }
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
    delivered(&state, out)?;
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

/// What parcels hold; one that another process took away meanwhile holds nothing.
fn contents(spool: &Spool, entries: &[&Entry]) -> Result<Contents, Error> {
    let mut sum = Contents::default();
    for entry in entries {
        if let Some(parcel) = spool.read(entry)? {
            sum.add(&Contents::of(parcel.messages.iter().map(String::as_str)));
        }
    }
    Ok(sum)
}

/// What was last heard of each source.
fn sources(cycle: &Cycle<'_>, state: &State, out: &mut dyn Write) -> Result<(), Error> {
    let heard = Heard::read(state);
    let when = heard
        .asked
        .map_or("never asked".to_owned(), |at| format!("asked at {at:.0}"));
    writeln!(out, "sources        {when}")?;
    for of in &heard.of {
        let said = match (&of.problem, of.told) {
            (None, _) => "answered".to_owned(),
            (Some(problem), None) => format!("nothing, so far: {problem}"),
            (Some(problem), Some(told)) => format!("nothing since {told:.0}: {problem}"),
        };
        writeln!(out, "               {} {}: {said}", of.source, of.url)?;
    }
    let sources = cycle.sources();
    for (source, urls) in [
        (Source::Diagnostics, sources.diagnostics),
        (Source::Cosmos, sources.cosmos),
        (Source::Mesos, sources.mesos),
    ] {
        if urls.is_empty() {
            writeln!(out, "               {source}: off")?;
        }
    }
    Ok(())
}

/// What the ledger says was taken.
fn delivered(state: &State, out: &mut dyn Write) -> Result<(), Error> {
    let Some(ledger) = Ledger::look(state.path()) else {
        return Ok(());
    };
    let sum = Delivered::of(ledger.lines()?)?;
    let (Some(first), Some((last, contents))) = (&sum.first, &sum.last) else {
        writeln!(out, "delivered      nothing yet")?;
        return Ok(());
    };
    writeln!(
        out,
        "delivered      {} messages since {first}: {}",
        sum.messages, sum.contents
    )?;
    writeln!(out, "               last at {last}: {contents}")?;
    match &sum.last_of_ui {
        Some((at, contents)) => writeln!(out, "               last of the web UI at {at}: {contents}")?,
        None => writeln!(out, "               nothing of the web UI")?,
    }
    Ok(())
}
