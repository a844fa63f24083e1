//! What packages hold, as they lie there: files and their owners, scripts, units.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::run::{output, root, say};
use crate::tool;

/// The most that systemd may find exposed of a service, from 0 to 10.
const MAX_EXPOSED: &str = "2.0";

/// Looks at all of them.
pub(super) fn check(packages: &[PathBuf]) -> anyhow::Result<()> {
    ensure!(packages.len() == 5, "expected five packages, found {packages:?}");
    for package in packages {
        contents(package).with_context(|| package.display().to_string())?;
    }
    containers()?;
    exposure()
}

/// The files that containers are built from.
fn containers() -> anyhow::Result<()> {
    let hadolint = match tool::hadolint() {
        Ok(hadolint) => hadolint,
        Err(error) => {
            say(&format!("skipped: container files are not looked at: {error:#}"));
            return Ok(());
        }
    };
    for entry in fs::read_dir(root().join("packaging/container"))? {
        let file = entry?.path();
        output(Command::new(&hadolint).arg(&file))?;
        println!("{}: hadolint finds nothing", file.display());
    }
    Ok(())
}

fn contents(package: &Path) -> anyhow::Result<()> {
    let list = output(Command::new("dpkg-deb").arg("--contents").arg(package))?;
    for line in list.lines() {
        ensure!(
            line.contains(" 0/0 ") || line.contains(" root/root "),
            "not root's: {line}"
        );
        let executable = line.starts_with("-rwx");
        let is_program = line.contains(" ./usr/bin/");
        ensure!(
            !line.starts_with('-') || executable == is_program,
            "its mode is not right: {line}"
        );
    }
    let name = output(
        Command::new("dpkg-deb")
            .arg("--field")
            .args([package.as_os_str(), "Package".as_ref()]),
    )?;
    let name = name.trim();
    let mut expected = vec![
        format!("./usr/bin/{name}"),
        format!("./usr/share/doc/{name}/copyright"),
    ];
    if name != "dcos-signal" {
        for page in [
            format!("./usr/share/man/man1/{name}.1"),
            format!("./usr/share/bash-completion/completions/{name}"),
            format!("./usr/share/zsh/vendor-completions/_{name}"),
            format!("./usr/share/fish/vendor_completions.d/{name}.fish"),
            format!("./usr/lib/systemd/system/{name}.service"),
            format!("./usr/lib/sysusers.d/{name}.conf"),
        ] {
            expected.push(page);
        }
    }
    for file in &expected {
        ensure!(list.contains(file), "{file} is missing in:\n{list}");
    }
    let folder = tempfile::tempdir()?;
    output(
        Command::new("dpkg-deb")
            .arg("--control")
            .arg(package)
            .arg(folder.path()),
    )?;
    for script in ["preinst", "postinst", "prerm", "postrm"] {
        let path = folder.path().join(script);
        if path.exists() {
            output(Command::new("sh").arg("-n").arg(&path))?;
            ensure!(
                !fs::read_to_string(&path)?.contains("#DEBHELPER#"),
                "{script} is not filled in"
            );
        }
    }
    let size = fs::metadata(package)?.len();
    println!("{name}: {} entries, {size} bytes", list.lines().count());
    Ok(())
}

/// What systemd finds exposed of each service.
fn exposure() -> anyhow::Result<()> {
    let help = Command::new("systemd-analyze").arg("--help").output();
    if !help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--offline")) {
        say("skipped: systemd-analyze is not installed, or too old to look at files");
        return Ok(());
    }
    let limit: f64 = MAX_EXPOSED.parse()?;
    for entry in fs::read_dir(root().join("packaging/systemd"))? {
        let unit = entry?.path();
        if unit.extension().is_none_or(|extension| extension != "service") {
            continue;
        }
        let words = ["security", "--offline=yes", "--no-pager"];
        let text = output(Command::new("systemd-analyze").args(words).arg(&unit))?;
        let line = text.lines().last().unwrap_or_default();
        let level = line.split_whitespace().find_map(|word| word.parse::<f64>().ok());
        println!("{line}");
        match level {
            Some(level) if level <= limit => {}
            _ => bail!("{}: more than {MAX_EXPOSED} is exposed", unit.display()),
        }
    }
    Ok(())
}
