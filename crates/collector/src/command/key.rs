//! `key add`, `key list`, `key revoke`: also beside a running server.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use heliograph_collector::clock::Clock;
use heliograph_collector::entropy::Entropy;
use heliograph_collector::key::{KeyKind, WriteKey};
use heliograph_collector::store::{Reader, Store};
use heliograph_wire::time::rfc3339;

/// Prints the new key alone.
pub(crate) fn add(
    data: &Path,
    kind: KeyKind,
    name: &str,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let key = WriteKey::generate(entropy)?;
    Store::open(data)?.add_key(&key, kind, name, clock.now())?;
    writeln!(out, "{}", key.reveal()).context("the key was added, but can't be printed: revoke it")
}

/// Prints a table of all keys.
pub(crate) fn list(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:>4}  {:<8}  {:<7}  {:<24}  {:<24}  NAME",
        "ID", "PREFIX", "KIND", "CREATED", "REVOKED"
    )?;
    for key in Reader::open(data)?.keys()? {
        let revoked = key.revoked.map_or_else(|| "-".to_owned(), rfc3339);
        writeln!(
            out,
            "{:>4}  {:<8}  {:<7}  {:<24}  {:<24}  {}",
            key.id.0,
            key.prefix,
            key.kind,
            rfc3339(key.created),
            revoked,
            key.name
        )?;
    }
    Ok(())
}

/// Revokes the one key that the text names.
pub(crate) fn revoke(
    data: &Path,
    named: &str,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let named = named.trim();
    // Where there is no database none is made.
    Reader::open(data)?;
    let keys = Store::open(data)?.revoke_key(named, clock.now())?;
    match keys.as_slice() {
        [] => bail!("there is no key with the number or the prefix {named}"),
        [key] if key.revoked.is_some() => writeln!(out, "{} was revoked before", key.prefix)?,
        [key] => writeln!(out, "{} is revoked", key.prefix)?,
        _ => bail!("{named} names {} keys: use the number of one", keys.len()),
    }
    Ok(())
}
