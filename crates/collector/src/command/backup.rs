//! `backup` and `restore`: all that a collector knows in one file, and back.

use std::io::Write;
use std::path::Path;

use heliograph_collector::backup::backup;
use heliograph_collector::restore::{Later, LaterOrders, restore};
use heliograph_collector::server::Sources;
use heliograph_wire::time::rfc3339;

use crate::progress::Progress;

/// Makes a backup.
pub(crate) fn make(data: &Path, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let mut progress = Progress::new("bytes");
    let made = backup(data, file, &Sources::default(), |done, all| {
        progress.show(done, Some(all));
    });
    progress.clear();
    writeln!(out, "{}: {} bytes", file.display(), made?)?;
    Ok(())
}

/// Restores one.
pub(crate) fn take_back(
    data: &Path,
    file: &Path,
    without_later_orders: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let later = if without_later_orders {
        Later::Lost
    } else {
        Later::Needed
    };
    let mut progress = Progress::new("bytes");
    let restored = restore(data, file, later, &Sources::default(), |done, all| {
        progress.show(done, Some(all));
    });
    progress.clear();
    let restored = restored?;
    let made = rfc3339(restored.made);
    writeln!(out, "restored: the collector is as it was at {made}")?;
    if let Some(aside) = &restored.aside {
        let aside = aside.display();
        writeln!(
            out,
            "what was there before is in {aside}: with it, messages since then can be brought back\n\
             (`export --data {aside} --output FILE`, then `import FILE`); remove it when you need it no more"
        )?;
    }
    match restored.later {
        LaterOrders::TakenOver(taken) => writeln!(
            out,
            "keys, tokens, users and who is forgotten are as they were until now: {} suppressions and {} deletions are newer than the \
             backup; {} are done again when the server runs",
            taken.suppressions, taken.deletions, taken.again
        )?,
        LaterOrders::Unknown => writeln!(
            out,
            "there was no database here: order again whom you had forgotten since {made}, and revoke again which keys and tokens"
        )?,
        LaterOrders::Another => writeln!(
            out,
            "the database that was here is another collector's, and nothing was taken over from it: order again whom you had forgotten \
             since {made}, and revoke again which keys and tokens"
        )?,
        LaterOrders::Lost => writeln!(
            out,
            "THE DATABASE THAT WAS HERE CAN'T BE READ: order again whom you had forgotten since {made}, and revoke again which keys \
             and tokens"
        )?,
    }
    Ok(())
}
