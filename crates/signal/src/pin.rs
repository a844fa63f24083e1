//! The collector's public key: configured, or pinned on first use in `collector-key`.

use std::fs;

use heliograph_wire::id::unhex;
use heliograph_wire::receipt::Receipt;

use crate::state::State;

const FILE: &str = "collector-key";

/// The key that receipts must be signed by, if it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pin(Option<Vec<u8>>);

impl Pin {
    /// The configured key, in hexadecimal, or the pinned one.
    pub fn load(configured: Option<&str>, state: &State) -> Pin {
        let pinned = || fs::read_to_string(state.path().join(FILE)).ok();
        let key = configured.map(str::to_owned).or_else(pinned);
        // A pin that was damaged is no key, and no receipt holds against it.
        Pin(key.map(|text| {
            unhex(text.trim())
                .filter(|key| key.len() == 32)
                .unwrap_or_default()
        }))
    }

    /// The key.
    pub fn key(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// Pins the key of the first receipt, where none is known yet.
    pub(crate) fn pin(&mut self, state: &State, receipt: &Receipt) {
        if self.0.is_some() {
            return;
        }
        match state.create_once(FILE, receipt.public_key.as_bytes(), 0o644) {
            Ok(()) => tracing::info!(key = receipt.key, "the sink gives receipts; its key is pinned"),
            Err(error) => tracing::warn!("the sink's key can't be pinned: {error}"),
        }
        self.0 = unhex(&receipt.public_key);
    }
}
