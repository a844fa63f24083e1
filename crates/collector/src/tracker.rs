//! The script for browsers, as `web/tracker` has it: compiled in, so that a collector has what it serves.
//!
//! Each form has two addresses: one that always has the newest, and one with its hash in it, whose content never changes. A page that
//! states the integrity of what it loads uses the second.

use std::io::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use heliograph_wire::id::hex;
use sha2::{Digest as _, Sha256, Sha384};

/// Bytes of the hash that stand in an address.
const HASH_BYTES: usize = 8;

/// A script.
#[derive(Debug)]
pub struct Script {
    /// Its file.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The same, compressed.
    pub gzip: Vec<u8>,
    /// The part of its address that changes with its content.
    pub hash: String,
    /// What a page states in `integrity`.
    pub integrity: String,
}

/// For a `<script>` that sets `window.heliograph`, and as a module.
static SCRIPTS: LazyLock<[Script; 2]> = LazyLock::new(|| {
    [
        Script::of("tracker.js", include_str!("../../../web/tracker/dist/tracker.js")),
        Script::of(
            "tracker.mjs",
            include_str!("../../../web/tracker/dist/tracker.mjs"),
        ),
    ]
});

impl Script {
    fn of(name: &'static str, text: &'static str) -> Script {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to a `Vec` can't fail.
        let _ = encoder.write_all(text.as_bytes());
        Script {
            name,
            text,
            gzip: encoder.finish().unwrap_or_default(),
            hash: hex(Sha256::digest(text).get(..HASH_BYTES).unwrap_or_default()),
            integrity: format!("sha384-{}", STANDARD.encode(Sha384::digest(text))),
        }
    }

    /// All scripts: the classic one, and the module.
    pub fn all() -> &'static [Script] {
        &*SCRIPTS
    }

    /// The one with this file name.
    pub fn named(name: &str) -> Option<&'static Script> {
        SCRIPTS.iter().find(|script| script.name == name)
    }

    /// The path whose content never changes.
    pub fn lasting_path(&self) -> String {
        format!("/tracker/{}/{}", self.hash, self.name)
    }

    /// The path that has the newest.
    pub fn path(&self) -> String {
        format!("/{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest script, in bytes when compressed.
    const LARGEST: usize = 3 * 1024;

    #[test]
    fn scripts_are_small() {
        for script in Script::all() {
            let size = script.gzip.len();
            assert!((1000..LARGEST).contains(&size), "{}: {size} bytes", script.name);
        }
    }

    #[test]
    fn a_script_has_two_paths() {
        let script = Script::named("tracker.js").unwrap();
        assert_eq!(script.path(), "/tracker.js");
        assert_eq!(
            script.lasting_path(),
            format!("/tracker/{}/tracker.js", script.hash)
        );
        assert_eq!(script.hash.len(), 2 * HASH_BYTES);
        assert!(Script::named("tracker.d.ts").is_none());
    }
}
