//! SDKs, as `cargo xtask prepare` installs them.

use std::fs;
use std::path::{Path, PathBuf};

use heliograph_fleet::skip::skipped;

/// Where the tests' own part lies.
pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(name)
}

/// The folder of SDKs that are installed as the lock file has them. `None`, said loudly, where they aren't.
pub(crate) fn installed(name: &str, lock: &str) -> Option<PathBuf> {
    installed_by(name, &source(name).join(lock))
}

/// The same with a lock file that lies elsewhere.
pub(crate) fn installed_by(name: &str, lock: &Path) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("sdk")
        .join(name);
    let locked = fs::read(lock).unwrap();
    let stamp = fs::read(folder.join("installed"));
    if stamp.is_ok_and(|stamp| stamp == locked) {
        return Some(folder);
    }
    skipped(&format!(
        "the SDKs for {name} are not installed (`cargo xtask prepare` does it where npm or pip reaches a registry)"
    ));
    None
}
