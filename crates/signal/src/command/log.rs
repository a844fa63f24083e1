//! `log`, `log show N`, `log verify`: what was sent. Opens no socket.

use std::io::Write;

use super::Error;
use crate::cycle::Cycle;
use crate::ledger::Ledger;
use crate::ledger::record::{Entry, Record};
use crate::ledger::verify::verify;
use crate::pin::Pin;
use crate::state::State;

/// Lists what happened, a line each.
///
/// # Errors
/// The ledger can't be read.
pub fn list(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let Some(ledger) = Ledger::look(&cycle.state_path()) else {
        writeln!(out, "Nothing was sent yet.")?;
        return Ok(());
    };
    for line in ledger.lines()? {
        let line = line?;
        match serde_json::from_str(&line) {
            Ok(Record { n, at, entry, .. }) => writeln!(out, "{n:>6}  {at}  {}", describe(&entry))?,
            Err(_) => writeln!(out, "     ?  a line that can't be read; see log verify")?,
        }
    }
    Ok(())
}

/// Prints the exact body of a send.
///
/// # Errors
/// There is no such send, or its body is not kept any more.
pub fn show(cycle: &Cycle<'_>, number: u64, out: &mut dyn Write) -> Result<(), Error> {
    let none = || Error::Asked(format!("number {number} is no send; `log` lists them"));
    let ledger = Ledger::look(&cycle.state_path()).ok_or_else(none)?;
    let mut found = None;
    for line in ledger.lines()? {
        if let Ok(Record {
            n,
            entry: Entry::Sending { sha256, .. },
            ..
        }) = serde_json::from_str(&line?)
            && n == number
        {
            found = Some(sha256);
        }
    }
    let sha256 = found.ok_or_else(none)?;
    let body = ledger.body(&sha256)?.ok_or_else(|| {
        Error::Asked(format!(
            "the body of number {number} was removed to keep the ledger's bound"
        ))
    })?;
    out.write_all(&body)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Checks hashes and receipts; `false` when something was altered.
///
/// # Errors
/// The ledger can't be read.
pub fn check(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<bool, Error> {
    let Some(ledger) = Ledger::look(&cycle.state_path()) else {
        writeln!(out, "Nothing was sent yet.")?;
        return Ok(true);
    };
    let pin = Pin::load(
        cycle.config.receipt_key.as_deref(),
        &State::look(&cycle.state_path()),
    );
    let found = verify(
        ledger.lines()?,
        |sha256| ledger.body(sha256),
        ledger.head(),
        pin.key(),
    )?;
    writeln!(
        out,
        "{} lines, {} sends: {} receipted, {} taken without a receipt, {} not taken or without an answer",
        found.lines, found.sends, found.receipted, found.taken_without_receipt, found.not_taken
    )?;
    if found.bodies_gone > 0 {
        writeln!(out, "{} bodies were removed to keep the bound", found.bodies_gone)?;
    }
    if !found.unreceipted.is_empty() {
        let numbers: Vec<_> = found.unreceipted.iter().map(u64::to_string).collect();
        writeln!(out, "never receipted: {}", numbers.join(", "))?;
    }
    for problem in &found.problems {
        writeln!(out, "ALTERED: {problem}")?;
    }
    if found.problems.is_empty() {
        writeln!(out, "Nothing was altered.")?;
    }
    Ok(found.problems.is_empty())
}

fn describe(entry: &Entry) -> String {
    match entry {
        Entry::Sending {
            target,
            bytes,
            messages,
            contents,
            ..
        } => {
            let what = if contents.is_empty() {
                String::new()
            } else {
                format!(" ({contents})")
            };
            format!("sent      {messages} messages{what}, {bytes} bytes, to {target}")
        }
        Entry::Answered {
            of,
            status,
            taken,
            receipt,
        } => {
            let with = if receipt.is_some() { ", with a receipt" } else { "" };
            format!(
                "answered  {of}: {status}, {}{with}",
                if *taken { "taken" } else { "not taken" }
            )
        }
        Entry::Unanswered { of, problem } => format!("no answer {of}: {problem}"),
        Entry::Refused { of, message } => format!("refused   {of}: message {message}"),
        Entry::Bundled { messages, sha256 } => format!(
            "bundled   {messages} messages, {}",
            &sha256[..sha256.len().min(12)]
        ),
        Entry::Forgotten { target, .. } => format!("forgotten by {target}"),
    }
}
