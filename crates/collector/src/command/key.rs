//! `key add`, `key limit`, `key list`, `key revoke`: also beside a running server.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use heliograph_collector::clock::Clock;
use heliograph_collector::config::Config;
use heliograph_collector::delta::Day;
use heliograph_collector::entropy::Entropy;
use heliograph_collector::key::{KeyKind, WriteKey};
use heliograph_collector::quota::Limits;
use heliograph_collector::store::{ListedKey, Reader, Store};
use heliograph_wire::time::rfc3339;

use crate::cli;

/// A key that is to be made.
pub(crate) struct New<'a> {
    pub(crate) kind: KeyKind,
    pub(crate) name: &'a str,
    pub(crate) limits: &'a cli::Limits,
}

/// Prints the new key alone.
pub(crate) fn add(
    data: &Path,
    new: &New<'_>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let key = WriteKey::generate(entropy)?;
    let limits = Limits {
        bytes: new.limits.bytes_per_day.unwrap_or_default(),
        messages: new.limits.messages_per_day.unwrap_or_default(),
    };
    Store::open(data)?.add_key(&key, new.kind, new.name, limits, clock.now())?;
    writeln!(out, "{}", key.reveal()).context("the key was added, but can't be printed: revoke it")
}

/// Sets limits of the one key that the text names.
pub(crate) fn limit(
    data: &Path,
    named: &str,
    limits: &cli::Limits,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (bytes, messages) = (limits.bytes_per_day, limits.messages_per_day);
    if bytes.is_none() && messages.is_none() {
        bail!("say --bytes-per-day, --messages-per-day, or both");
    }
    let named = named.trim();
    // Where there is no database none is made.
    Reader::open(data)?;
    let keys = Store::open(data)?.limit_key(named, bytes, messages)?;
    let key = one(&keys, named)?;
    Ok(writeln!(out, "the limits of {} are set", key.prefix)?)
}

/// Prints a table of all keys, with what was kept of theirs today and how much may be.
pub(crate) fn list(config: &Config, clock: &dyn Clock, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:>4}  {:<8}  {:<7}  {:<24}  {:<24}  {:<23}  {:<27}  NAME",
        "ID", "PREFIX", "KIND", "CREATED", "REVOKED", "MESSAGES TODAY", "BYTES TODAY"
    )?;
    let reader = Reader::open(&config.data)?;
    let usage = reader.usage(Day::of(clock.now()))?;
    for key in reader.keys()? {
        let revoked = key.revoked.map_or_else(|| "-".to_owned(), rfc3339);
        let used = usage.get(&key.id).copied().unwrap_or_default();
        let messages = of(used.messages, key.limits.messages.or(config.quota.messages));
        let bytes = of(used.bytes, key.limits.bytes.or(config.quota.bytes));
        writeln!(
            out,
            "{:>4}  {:<8}  {:<7}  {:<24}  {revoked:<24}  {messages:<23}  {bytes:<27}  {}",
            key.id.0,
            key.prefix,
            key.kind,
            rfc3339(key.created),
            key.name
        )?;
    }
    Ok(())
}

fn of(used: u64, limit: Option<u64>) -> String {
    limit.map_or_else(|| used.to_string(), |limit| format!("{used} of {limit}"))
}

/// The one key that the text names, of all that it does.
pub(super) fn one<'a>(keys: &'a [ListedKey], named: &str) -> anyhow::Result<&'a ListedKey> {
    match keys {
        [] => bail!("there is no key with the number or the prefix {named}"),
        [key] => Ok(key),
        _ => bail!("{named} names {} keys: use the number of one", keys.len()),
    }
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
    let key = one(&keys, named)?;
    let when = if key.revoked.is_some() {
        "was revoked before"
    } else {
        "is revoked"
    };
    Ok(writeln!(out, "{} {when}", key.prefix)?)
}
