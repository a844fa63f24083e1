//! `suppressions list`, `suppressions lift`, `deletions`: who asked to be forgotten, and what became of it. Also beside a running
//! server.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use heliograph_collector::entropy::Entropy;
use heliograph_collector::ingest::subject::SubjectKey;
use heliograph_collector::secret::SecretError;
use heliograph_collector::store::{Reader, Store};
use heliograph_wire::id::{ClusterId, hex};
use heliograph_wire::time::rfc3339;

/// Prints a table of all suppressions. They are kept as hashes, so nobody is named.
pub(crate) fn list(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{:<24}  {:<8}  CLUSTER (HASH)", "ASKED", "SCOPE")?;
    for suppression in Reader::open(data)?.suppressions()? {
        let whole = suppression.subject == suppression.cluster;
        writeln!(
            out,
            "{}  {:<8}  {}",
            rfc3339(suppression.asked),
            if whole { "cluster" } else { "reporter" },
            hex(&suppression.cluster.0)
        )?;
    }
    Ok(())
}

/// Ends what suppresses a cluster and its reporters; what comes from then on counts.
pub(crate) fn lift(
    data: &Path,
    cluster: &str,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let cluster: ClusterId = cluster.parse().context("not a cluster's id")?;
    // Where there is no database none is made.
    Reader::open(data)?;
    let key = SubjectKey::load_or_make(data, entropy)?;
    let mut store = Store::open(data)?;
    if !store.check_subject_key(&key)? {
        return Err(SecretError::Another.into());
    }
    match store.lift_suppressions(key.cluster(cluster.as_str()))? {
        0 => bail!("{cluster} is not suppressed"),
        _ => writeln!(out, "{cluster} is not suppressed any more")?,
    }
    Ok(())
}

/// Prints a table of what is to be deleted.
pub(crate) fn deletions(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:>4}  {:<24}  {:<8}  {:<8}  CLUSTER",
        "ID", "ASKED", "SCOPE", "STATE"
    )?;
    for deletion in Reader::open(data)?.deletions()? {
        writeln!(
            out,
            "{:>4}  {}  {:<8}  {:<8}  {}",
            deletion.id,
            rfc3339(deletion.asked),
            deletion.scope,
            deletion.state,
            deletion.cluster.as_deref().unwrap_or("-")
        )?;
    }
    Ok(())
}
