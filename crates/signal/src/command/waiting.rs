//! `preview --ui`: what waits of the web UI. Opens no socket.

use std::io::Write;

use heliograph_wire::parcel::Kind;

use super::Error;
use crate::cycle::Cycle;
use crate::spool::Spool;
use crate::state::State;

/// Writes the messages, a line each, byte for byte as they would leave now; nothing where the gate is closed.
///
/// # Errors
/// The spool can't be read.
pub fn of_ui(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    if cycle.closed_for_preview()? {
        return Ok(());
    }
    let path = cycle.state_path();
    let mut count = 0;
    // To look makes nothing.
    if path.join("spool").exists() {
        let spool = Spool::open(&State::open(path)?, cycle.config.spool)?;
        for entry in spool.list()?.iter().filter(|entry| entry.kind() == Kind::Ui) {
            let parcel = spool.read(entry)?;
            let messages = parcel.iter().flat_map(|parcel| &parcel.messages);
            for message in messages.filter_map(|message| cycle.config.selection.narrow(message)) {
                writeln!(out, "{message}")?;
                count += 1;
            }
        }
    }
    if count == 0 {
        tracing::info!("nothing of the web UI waits");
    }
    Ok(())
}
