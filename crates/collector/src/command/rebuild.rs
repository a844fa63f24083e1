//! `rebuild`: makes what messages add up to again, or only says whether it is what is stored.

use std::io::Write;

use anyhow::bail;
use heliograph_collector::clock::Clock;
use heliograph_collector::config::Config;
use heliograph_collector::rebuild::rebuild;
use heliograph_collector::store::Rebuilt;

use crate::progress::Progress;

/// Makes it again, or compares only.
pub(crate) fn run(
    config: &Config,
    check: bool,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut progress = Progress::new("batches");
    let rebuilt = rebuild(config, clock, check, |done, all| progress.show(done, Some(all)));
    progress.clear();
    let rebuilt = rebuilt?;
    write!(out, "{}", said(&rebuilt))?;
    match (rebuilt.differs(), check) {
        (false, _) => writeln!(out, "all is as it was stored")?,
        (true, false) => writeln!(out, "what is stored was mended")?,
        (true, true) => {
            bail!("what is stored differs from what messages add up to; rebuild without --check mends it")
        }
    }
    Ok(())
}

fn said(rebuilt: &Rebuilt) -> String {
    let Rebuilt {
        messages,
        days,
        rows,
        stay,
        altered,
        missing,
        surplus,
        unlisted,
    } = rebuilt;
    let mut said = format!("{messages} messages add up to {rows} rows of {days} days\n");
    if *stay > 0 {
        said.push_str(&format!(
            "{stay} days stay as they are: messages of theirs were dropped by age, or they are too old themselves\n"
        ));
    }
    if rebuilt.differs() {
        said.push_str(&format!(
            "stored rows: {altered} differ, {missing} are missing, {surplus} are of no message; {unlisted} days are not listed\n"
        ));
    }
    said
}
