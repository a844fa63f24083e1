//! Programs that a test needs and a machine may not have. Root's machine gets the Debian package; elsewhere the test is skipped,
//! and says so where nobody can overlook it.

use std::process::{Command, Stdio};
use std::sync::Mutex;

pub(crate) use heliograph_fleet::skip::skipped;

/// Whether a program is there, or could be installed. If not, says loudly that the test is skipped.
pub(crate) fn required(program: &str, package: &str) -> bool {
    // One installation at a time, and the second test finds what the first one installed.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap();
    if is_there(program) {
        return true;
    }
    let why = if !rustix::process::geteuid().is_root() {
        "it is missing, and only root could install it".to_owned()
    } else {
        match install(package) {
            Ok(()) if is_there(program) => return true,
            Ok(()) => format!("the package {package} does not bring it"),
            Err(why) => why,
        }
    };
    skipped(&format!("{program}: {why}"));
    false
}

fn is_there(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\"", program])
        .stdout(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

fn install(package: &str) -> Result<(), String> {
    let apt = |arguments: &[&str]| {
        let output = Command::new("timeout")
            .args(["300", "apt-get"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("apt-get does not start: {error}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!(
                "apt-get can't install {package}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            )),
        }
    };
    let from_known = || apt(&["install", "-qq", "-y", "--no-install-recommends", package]);
    from_known().or_else(|_| {
        apt(&["update", "-qq"])?;
        from_known()
    })
}
