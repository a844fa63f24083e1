//! `suppressions list`, `suppressions lift`, `deletions`: who asked to be forgotten, and what became of it. Also beside a running
//! server.

use std::io::Write;
use std::path::Path;

use anyhow::bail;
use heliograph_collector::entropy::Entropy;
use heliograph_collector::ingest::mention::Kind;
use heliograph_collector::ingest::subject::SubjectKey;
use heliograph_collector::secret::SecretError;
use heliograph_collector::store::{Reader, Store};
use heliograph_wire::id::hex;
use heliograph_wire::time::rfc3339;

use crate::cli::Whom;

/// Prints a table of all suppressions. They are kept as hashes, so nobody is named.
pub(crate) fn list(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{:<24}  {:<9}  HASH", "ASKED", "KIND")?;
    for suppression in Reader::open(data)?.suppressions()? {
        let kind = suppression.subject.kind().map_or("?", Kind::name);
        writeln!(
            out,
            "{}  {kind:<9}  {}",
            rfc3339(suppression.asked),
            hex(&suppression.subject.0)
        )?;
    }
    Ok(())
}

/// Ends what suppresses somebody; of a cluster, what suppresses its reporters, too. What comes from then on counts.
pub(crate) fn lift(
    data: &Path,
    whom: &Whom,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (kind, id) = whom.named()?;
    // Where there is no database none is made.
    Reader::open(data)?;
    let key = SubjectKey::load_or_make(data, entropy)?;
    let mut store = Store::open(data)?;
    if !store.check_subject_key(&key)? {
        return Err(SecretError::Another.into());
    }
    match store.lift_suppressions(key.subject(kind, id))? {
        0 => bail!("{id} is not suppressed"),
        _ => writeln!(out, "{id} is not suppressed any more")?,
    }
    Ok(())
}

/// Prints a table of what was asked to be deleted. Of what is done nobody is named.
pub(crate) fn deletions(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:>4}  {:<24}  {:<9}  {:<12}  {:>8}  {:<24}  OF WHOM",
        "ID", "ASKED", "KIND", "STATE", "MESSAGES", "FINISHED"
    )?;
    for deletion in Reader::open(data)?.deletions()? {
        let state = match deletion.progress {
            Some((done, all)) => format!("{} {} %", deletion.state, percent(done, all)),
            None => deletion.state,
        };
        writeln!(
            out,
            "{:>4}  {}  {:<9}  {state:<12}  {:>8}  {:<24}  {}",
            deletion.id,
            rfc3339(deletion.asked),
            deletion.kind,
            deletion.messages,
            deletion.finished.map_or_else(|| "-".to_owned(), rfc3339),
            deletion.subject.as_deref().unwrap_or("-")
        )?;
    }
    Ok(())
}

/// Prints the receipt of a deletion that is done.
pub(crate) fn receipt(data: &Path, id: i64, out: &mut impl Write) -> anyhow::Result<()> {
    match Reader::open(data)?.deletion_receipt(id)? {
        Some(Some(receipt)) => Ok(writeln!(out, "{receipt}")?),
        Some(None) => bail!("deletion {id} is not done yet"),
        None => bail!("there is no deletion {id}"),
    }
}

fn percent(done: i64, all: i64) -> i64 {
    (done.saturating_mul(100) / all.max(1)).clamp(0, 100)
}
