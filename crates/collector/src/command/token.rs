//! `token add`, `token list`, `token revoke`: also beside a running server, which notices at once.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use heliograph_collector::clock::Clock;
use heliograph_collector::entropy::Entropy;
use heliograph_collector::store::{Reader, Store};
use heliograph_collector::token::{Scope, Token};
use heliograph_wire::time::rfc3339;

/// Prints the new token alone.
pub(crate) fn add(
    data: &Path,
    scope: Scope,
    name: &str,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let token = Token::generate(entropy)?;
    Store::open(data)?.add_token(&token, scope, name, clock.now())?;
    writeln!(out, "{}", token.reveal()).context("the token was added, but can't be printed: revoke it")
}

/// Prints a table of all tokens.
pub(crate) fn list(data: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:>4}  {:<12}  {:<7}  {:<24}  {:<24}  NAME",
        "ID", "PREFIX", "SCOPE", "CREATED", "REVOKED"
    )?;
    for token in Reader::open(data)?.tokens()? {
        let revoked = token.revoked.map_or_else(|| "-".to_owned(), rfc3339);
        writeln!(
            out,
            "{:>4}  {:<12}  {:<7}  {}  {revoked:<24}  {}",
            token.id,
            token.prefix,
            token.scope,
            rfc3339(token.created),
            token.name
        )?;
    }
    Ok(())
}

/// Revokes the one token that the text names.
pub(crate) fn revoke(
    data: &Path,
    named: &str,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let named = named.trim();
    // Where there is no database none is made.
    Reader::open(data)?;
    let tokens = Store::open(data)?.revoke_token(named, clock.now())?;
    match tokens.as_slice() {
        [] => bail!("there is no token with the number or the prefix {named}"),
        [token] if token.revoked.is_some() => writeln!(out, "{} was revoked before", token.prefix)?,
        [token] => writeln!(out, "{} is revoked", token.prefix)?,
        _ => bail!("{named} names {} tokens: use the number of one", tokens.len()),
    }
    Ok(())
}
