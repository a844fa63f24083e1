//! `forget`: suppresses somebody and deletes what there is of them, beside a running server or without one.

use std::io::Write;
use std::path::Path;

use heliograph_collector::forget::order::{Action, Carried, Order, carry_out};
use heliograph_collector::server::Sources;

use crate::cli::Forget;
use crate::progress::Progress;

/// Forgets somebody.
pub(crate) fn run(data: &Path, asked: &Forget, out: &mut impl Write) -> anyhow::Result<()> {
    let (kind, id) = asked.whom.named()?;
    let order = Order {
        action: match (asked.suppress_only, asked.delete_only) {
            (true, _) => Action::Suppress,
            (_, true) => Action::Delete,
            (false, false) => Action::SuppressAndDelete,
        },
        kind,
        ids: vec![id.to_owned()],
        source: None,
    };
    let mut progress = Progress::new("batches");
    let carried = carry_out(data, &Sources::default(), &order, |done, all| {
        progress.show(u64::try_from(done).unwrap_or_default(), u64::try_from(all).ok());
        Ok(())
    });
    progress.clear();
    let carried = carried?;
    if order.action.suppresses() {
        writeln!(out, "suppressed: what comes from now on is not kept")?;
    }
    match carried {
        Carried::Suppressed => {}
        Carried::ByServer(deletion) => writeln!(
            out,
            "deletion {deletion} is queued: the running server does it, `heliograph-collector deletions` tells how far it is"
        )?,
        Carried::Done(deletion) => writeln!(
            out,
            "deletion {deletion} is done: `heliograph-collector deletions --receipt {deletion}` prints its receipt"
        )?,
    }
    Ok(())
}
