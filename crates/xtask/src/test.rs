//! `cargo xtask test`: the cheap checks first, then every test.
//!
//! It installs the Debian packages that tests use where it may (root, apt-get), and SDKs below `target/`. Where it may not, the
//! tests that need them say that they were skipped, and why; the last lines show them.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use heliograph_fleet::skip;

use crate::run::{build_programs, cargo, output, run, say, target_folder, works};
use crate::sdk;
use crate::stopwatch::{MAX_BUILD, Stopwatch};

/// Debian packages that tests use: package, program that it brings.
const PACKAGES: &[(&str, &str)] = &[
    ("tinyproxy-bin", "tinyproxy"),
    ("curl", "curl"),
    ("strace", "strace"),
    ("nodejs", "node"),
    ("npm", "npm"),
    ("python3-pip", "pip3"),
    ("systemd", "systemctl"),
    ("dbus", "dbus-daemon"),
    ("chromium", "chromium"),
    ("nginx", "nginx"),
];
/// What tests say that miss a program of ours.
const NOT_BUILT: &str = "is not built";
/// Largest `heliograph-signal` that is shipped, in bytes.
const MAX_SIGNAL: u64 = 4 << 20;

pub(crate) fn test() -> anyhow::Result<()> {
    prepare();
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ]))?;
    build()?;
    let mut counts = Counts::default();
    let list = std::path::absolute(target_folder().join("skipped.txt"))?;
    let _ = fs::remove_file(&list);
    counts.add_run(&["--workspace"], None, &list)?;
    counts.add_run(&[], Some("fuzz"), &list)?;
    shipped_size()?;
    let skipped = fs::read_to_string(&list).unwrap_or_default();
    counts.add_skipped(&skipped);
    all_is_built(&skipped)?;
    println!("{} passed, 0 failed, {} skipped", counts.passed, counts.skipped);
    Ok(())
}

/// Builds what the tests need, and says how long that took.
fn build() -> anyhow::Result<()> {
    let begun = Stopwatch::start();
    run(&mut match has_nextest() {
        true => cargo(&["nextest", "run", "--workspace", "--no-run"]),
        false => cargo(&["test", "--workspace", "--no-run", "--quiet"]),
    })?;
    begun.tell("building the programs and their tests", MAX_BUILD);
    Ok(())
}

fn has_nextest() -> bool {
    works(&mut cargo(&["nextest", "--version"]))
}

/// Installs what tests use, as far as that is possible.
pub(crate) fn prepare() {
    install_packages();
    sdk::install();
}

#[derive(Default)]
struct Counts {
    passed: u64,
    skipped: u64,
}

impl Counts {
    /// Runs tests, with nextest where it is installed, and counts them.
    fn add_run(&mut self, words: &[&str], folder: Option<&str>, list: &Path) -> anyhow::Result<()> {
        let nextest = has_nextest();
        let mut command = if nextest {
            cargo(&["nextest", "run", "--no-fail-fast"])
        } else {
            cargo(&["test", "--no-fail-fast"])
        };
        command.args(words).env(skip::LIST, list);
        if let Some(folder) = folder {
            command
                .current_dir(folder)
                .env("CARGO_TARGET_DIR", target_folder().join(folder));
        }
        say(&format!(
            "tests{}",
            folder.map_or(String::new(), |folder| format!(" in {folder}/"))
        ));
        // nextest writes its summary to standard error, cargo test to standard output.
        let child = if nextest {
            command.stderr(Stdio::piped()).spawn()?
        } else {
            command.stdout(Stdio::piped()).spawn()?
        };
        let text = relay(child)?;
        let (passed, skipped) = if nextest {
            nextest_counts(&text)
        } else {
            cargo_test_counts(&text)
        };
        if passed == 0 {
            bail!("no test ran");
        }
        self.passed += passed;
        self.skipped += skipped;
        Ok(())
    }

    /// Shows the tests that found that they can't be done here, one a line, and counts them as skipped, not as passed.
    fn add_skipped(&mut self, list: &str) {
        let lines: BTreeSet<_> = list.lines().collect();
        for line in &lines {
            println!("skipped: {line}");
        }
        let tests: BTreeSet<_> = lines.iter().filter_map(|line| line.split(": ").next()).collect();
        let tests = u64::try_from(tests.len()).unwrap_or(u64::MAX);
        self.skipped += tests;
        self.passed = self.passed.saturating_sub(tests);
    }
}

/// Tests of the whole workspace build all of its programs first, so none may say that it misses one of them.
fn all_is_built(skipped: &str) -> anyhow::Result<()> {
    match skipped.lines().find(|line| line.contains(NOT_BUILT)) {
        Some(line) => bail!("a test did not find a program of ours: {line}"),
        None => Ok(()),
    }
}

/// Passes a child's piped output on while it runs, and returns it; the child must end well.
fn relay(mut child: std::process::Child) -> anyhow::Result<String> {
    use std::io::{BufRead, BufReader, Read};
    let pipe: Box<dyn Read> = match (child.stdout.take(), child.stderr.take()) {
        (Some(out), _) => Box::new(out),
        (_, Some(err)) => Box::new(err),
        (None, None) => bail!("no pipe"),
    };
    let mut text = String::new();
    for line in BufReader::new(pipe).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        text.push_str(&line);
        text.push('\n');
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("tests failed ({status})");
    }
    Ok(text)
}

/// `Summary [ 1.2s] 61 tests run: 61 passed (2 slow), 3 skipped`
fn nextest_counts(text: &str) -> (u64, u64) {
    let summary = text
        .lines()
        .rev()
        .find(|line| line.contains("tests run:") || line.contains("test run:"))
        .unwrap_or_default();
    (
        number_before(summary, " passed"),
        number_before(summary, " skipped"),
    )
}

/// `test result: ok. 3 passed; 0 failed; 0 ignored; …`, one line a binary
fn cargo_test_counts(text: &str) -> (u64, u64) {
    let results = text.lines().filter(|line| line.starts_with("test result:"));
    results.fold((0, 0), |(passed, skipped), line| {
        (
            passed + number_before(line, " passed"),
            skipped + number_before(line, " ignored"),
        )
    })
}

fn number_before(text: &str, word: &str) -> u64 {
    let head = text
        .split(word)
        .next()
        .filter(|head| head.len() < text.len())
        .unwrap_or_default();
    head.rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn install_packages() {
    let missing = || {
        PACKAGES
            .iter()
            .filter(|(_, program)| !works(Command::new("sh").args(["-c", &format!("command -v {program}")])))
    };
    let packages: Vec<_> = missing().map(|(package, _)| *package).collect();
    if packages.is_empty() {
        return;
    }
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root && works(Command::new("apt-get").arg("--version")) {
        say(&format!("installing {}", packages.join(" ")));
        let install = |words: &[&str]| {
            works(
                Command::new("apt-get")
                    .args(words)
                    .args(["-y", "-qq"])
                    .env("DEBIAN_FRONTEND", "noninteractive"),
            )
        };
        let words: Vec<_> = ["install", "--no-install-recommends"]
            .into_iter()
            .chain(packages)
            .collect();
        let _ = install(&words) || (install(&["update"]) && install(&words));
    }
    let left: Vec<_> = missing().map(|(package, _)| *package).collect();
    if !left.is_empty() {
        println!(
            "Not installed, so the tests that need them will say that they are skipped: {}",
            left.join(" ")
        );
    }
}

/// What is shipped of signal must stay small.
fn shipped_size() -> anyhow::Result<()> {
    build_programs("small", &["heliograph-signal"], &[])?;
    let binary = target_folder().join("small/heliograph-signal");
    let size = std::fs::metadata(&binary).context("the shipped binary")?.len();
    println!("heliograph-signal, as shipped: {size} bytes (at most {MAX_SIGNAL})");
    if size > MAX_SIGNAL {
        bail!("heliograph-signal is larger than {MAX_SIGNAL} bytes");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_were_skipped_have_not_passed() {
        let mut counts = Counts {
            passed: 5,
            skipped: 1,
        };
        counts
            .add_skipped("disk::full: not root\ntraced::off: no strace: why\ntraced::off: and no network\n");
        assert_eq!((counts.passed, counts.skipped), (3, 3));
    }

    #[test]
    fn a_program_that_was_not_built_is_no_reason_to_skip() {
        assert!(all_is_built("disk::full: not root\n").is_ok());
        let skipped =
            "ui::relay: heliograph-relay is not built (`cargo build -p heliograph-relay` does it)\n";
        assert!(all_is_built(skipped).is_err());
    }

    #[test]
    fn summaries_are_understood() {
        let nextest = "x\n     Summary [   0.688s] 61 tests run: 59 passed (1 slow), 2 failed, 4 skipped\n";
        assert_eq!(nextest_counts(nextest), (59, 4));
        assert_eq!(
            nextest_counts("     Summary [   0.1s] 1 test run: 1 passed, 0 skipped"),
            (1, 0)
        );
        let cargo_test = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\ntest result: ok. 40 passed; 0 failed; 0 ignored\n";
        assert_eq!(cargo_test_counts(cargo_test), (43, 1));
        assert_eq!(nextest_counts("nothing"), (0, 0));
    }
}
