//! A receipt: the collector's signature (Ed25519) over the bodies that it has taken: what is to be kept of them is on disk, and what
//! is about somebody who asked to be forgotten is not. Which is which a receipt does not tell.
//!
//! The collector signs once per commit, over the list of SHA-256 of the inflated request bodies in it that asked for a receipt.
//! An answer carries the list, the position of its own body in it, and the signature, so that it can be checked alone, years
//! later, by whoever has the public key.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::hex;

/// Request header by which a sender asks for a receipt.
pub const HEADER: &str = "heliograph-receipt";
/// Most bodies that one signature covers.
pub const MAX_BODIES: usize = 1024;

/// What an answer carries under `receipt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Names the signing key: the first 64 bits of the SHA-256 of the public key, in hexadecimal.
    pub key: String,
    /// The public key in hexadecimal, for those who pin it on first use.
    pub public_key: String,
    /// SHA-256 of the bodies, in hexadecimal.
    pub bodies: Vec<String>,
    /// Which of them is the answered one.
    pub position: usize,
    /// The signature over [`Receipt::signed`], in hexadecimal.
    pub signature: String,
}

impl Receipt {
    /// The bytes that are signed for a list of bodies.
    pub fn signed(bodies: &[String]) -> Vec<u8> {
        let mut text = String::from("heliograph receipt 1\n");
        for body in bodies {
            text.push_str(body);
            text.push('\n');
        }
        text.into_bytes()
    }

    /// Whether the receipt speaks of this body: it stands at its position in the list.
    pub fn is_of(&self, sha256: &str) -> bool {
        self.bodies.len() <= MAX_BODIES && self.bodies.get(self.position).is_some_and(|body| body == sha256)
    }
}

/// The bytes that are signed when a collector forgets: of which cluster, in which scope, and when, as they stand in its answer.
pub fn forgotten(cluster: &str, scope: &str, at: &str) -> Vec<u8> {
    format!("heliograph forgotten 1\n{cluster}\n{scope}\n{at}\n").into_bytes()
}

/// The name of a public key.
pub fn key_id(public_key: &[u8]) -> String {
    hex(&Sha256::digest(public_key)[..8])
}

/// SHA-256 of a body in hexadecimal, as it stands in receipts.
pub fn body_hash(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}
