//! Whether the ledger is what it was: pure, over its lines and bodies.

use std::collections::{BTreeMap, BTreeSet};

use heliograph_wire::id::unhex;
use heliograph_wire::receipt::{Receipt, body_hash};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::record::{Entry, Record};

/// Most sends that are named.
pub const MAX_NAMED: usize = 20;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Lines.
    pub lines: u64,
    /// Sends.
    pub sends: u64,
    /// Sends with a receipt that holds.
    pub receipted: u64,
    /// Sends that were taken without a receipt: Segment gives none.
    pub taken_without_receipt: u64,
    /// Sends that no answer says were taken; what was in them was sent again, or waits.
    pub not_taken: u64,
    /// The numbers of the newest sends without a receipt, at most [`MAX_NAMED`].
    pub unreceipted: Vec<u64>,
    /// Bodies that were removed to keep the bound.
    pub bodies_gone: u64,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
}

/// Checks the lines in order. `body` returns what is kept under a hash; `head` tells the last line
/// that was written, `key` is the collector's pinned public key.
///
/// # Errors
/// A line or body can't be read.
pub fn verify<E>(
    lines: impl Iterator<Item = Result<String, E>>,
    body: impl Fn(&str) -> Result<Option<Vec<u8>>, E>,
    head: Option<(u64, String)>,
    key: Option<&[u8]>,
) -> Result<Findings, E> {
    let mut found = Findings::default();
    let mut before: Option<(u64, String)> = None;
    let mut hashes: BTreeMap<u64, String> = BTreeMap::new();
    let mut open: BTreeSet<u64> = BTreeSet::new();
    let mut unreceipted: BTreeSet<u64> = BTreeSet::new();
    for line in lines {
        let line = line?;
        found.lines += 1;
        let Ok(record) = serde_json::from_str::<Record>(&line) else {
            let after = before.as_ref().map_or(0, |(n, _)| *n);
            found.problems.push(format!(
                "the line after number {after} can't be read: it was altered"
            ));
            before = None;
            continue;
        };
        if let Some((n, hash)) = &before
            && record.prev != *hash
        {
            let what = if record.n == n + 1 {
                "was altered"
            } else {
                "or lines after it are missing, or were altered"
            };
            found.problems.push(format!(
                "number {n} {what}: number {} does not follow it",
                record.n
            ));
        }
        match record.entry {
            Entry::Sending { sha256, .. } => {
                found.sends += 1;
                match body(&sha256)? {
                    None => found.bodies_gone += 1,
                    Some(body) if body_hash(&body) == sha256 => {}
                    Some(_) => found
                        .problems
                        .push(format!("the body of number {} was altered", record.n)),
                }
                hashes.insert(record.n, sha256);
                open.insert(record.n);
                unreceipted.insert(record.n);
            }
            Entry::Answered {
                of, taken, receipt, ..
            } => {
                if taken {
                    open.remove(&of);
                }
                match (taken, receipt, hashes.get(&of)) {
                    (true, Some(receipt), Some(sha256)) => match check(&receipt, sha256, key) {
                        Ok(()) => {
                            found.receipted += 1;
                            unreceipted.remove(&of);
                        }
                        Err(problem) => found
                            .problems
                            .push(format!("the receipt of number {of} {problem}")),
                    },
                    (true, None, _) => found.taken_without_receipt += 1,
                    _ => {}
                }
            }
            Entry::Unanswered { .. }
            | Entry::Refused { .. }
            | Entry::Bundled { .. }
            | Entry::Forgotten { .. } => {}
        }
        before = Some((record.n, Record::hash_of(&line)));
    }
    // The head is written after its line, so it may be one behind.
    match (&before, head) {
        (Some((n, hash)), Some((last, wanted))) if *n == last && *hash != wanted => {
            found.problems.push(format!(
                "number {n} was altered: it is not the line that was written last"
            ));
        }
        (last, Some((head, _))) if last.as_ref().map_or(0, |(n, _)| *n) < head => {
            let n = last.as_ref().map_or(0, |(n, _)| *n);
            found.problems.push(format!(
                "the lines after number {n} are missing: number {head} was written last"
            ));
        }
        _ => {}
    }
    found.not_taken = open.len() as u64;
    found.unreceipted = unreceipted
        .into_iter()
        .rev()
        .take(MAX_NAMED)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    Ok(found)
}

/// Checks that a receipt speaks of a body and was signed by the pinned key, or by its own where none is pinned yet.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub fn check(receipt: &Receipt, sha256: &str, key: Option<&[u8]>) -> Result<(), &'static str> {
    if !receipt.is_of(sha256) {
        return Err("speaks of another body");
    }
    let own = unhex(&receipt.public_key).ok_or("names no key")?;
    if key.is_some_and(|pinned| pinned != own) {
        return Err("was signed by another key than the collector's");
    }
    let signature = unhex(&receipt.signature).ok_or("has no signature")?;
    let signed = Receipt::signed(&receipt.bodies);
    check_signature(&signed, &signature, &own)
}

/// Checks an Ed25519 signature of the collector.
///
/// # Errors
/// It does not hold, as the end of a sentence.
pub(crate) fn check_signature(signed: &[u8], signature: &[u8], key: &[u8]) -> Result<(), &'static str> {
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(signed, signature)
        .map_err(|_| "was altered: its signature does not hold")
}
