//! What is shipped, built twice: in two checkouts of the last commit, in other folders, under other settings. Both must be the same,
//! bit by bit, and tell no path of this machine.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::checkout::{self, Commit};
use crate::digest;
use crate::package::{self, Workshop};
use crate::run::{say, target_folder};
use crate::stopwatch::{Stopwatch, minutes};

/// Where the checkouts are, how deep they lie, and the clock that they go by: all that a build must not depend on.
const PLACES: &[(&str, &str)] = &[("a", "UTC"), ("somewhere/else/entirely", "Pacific/Kiritimati")];
/// How many bytes of a difference are shown.
const SHOWN: usize = 16;

/// Builds twice, and compares.
pub(crate) fn twice() -> anyhow::Result<()> {
    checkout::warn_of_changes()?;
    let folder = std::path::absolute(target_folder().join("twice"))?;
    // Nothing of earlier builds.
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let commit = Commit::last()?;
    let mut made = Vec::new();
    for (place, zone) in PLACES {
        made.push(once(&commit, &folder.join(place), zone)?);
    }
    let [first, second] = &made[..] else {
        bail!("two builds are compared");
    };
    compare(first, second)?;
    // What was found good is what is shipped.
    let packages = std::path::absolute(target_folder().join("packages"))?;
    let _ = fs::remove_dir_all(&packages);
    fs::rename(&first.packages, &packages).with_context(|| packages.display().to_string())?;
    say(&format!("the packages are in {}", packages.display()));
    Ok(fs::remove_dir_all(&folder)?)
}

/// What one build made.
struct Made {
    packages: PathBuf,
    /// Name and path, in the order in which they were made.
    files: Vec<(String, PathBuf)>,
}

fn once(commit: &Commit, folder: &Path, zone: &str) -> anyhow::Result<Made> {
    let begun = Stopwatch::start();
    let source = folder.join("checkout");
    commit.lay(&source)?;
    let packages = folder.join("packages");
    let workshop = Workshop::of(&source, &folder.join("target"), commit.epoch)?.in_zone(zone);
    let programs = package::build(&workshop, &packages, None)?;
    let mut files = Vec::new();
    for program in programs {
        let paths = workshop.paths();
        tells_no_path(&program, &paths)?;
        files.push((name(&program), program));
    }
    for file in package::files(&packages)? {
        if file.extension().is_some_and(|extension| extension == "deb") {
            holds_what_was_built(&file, &files)?;
        }
        files.push((name(&file), file));
    }
    say(&format!(
        "built in {}, after {}",
        folder.display(),
        minutes(begun.elapsed())
    ));
    Ok(Made { packages, files })
}

/// Compares all of them, and prints what they are.
fn compare(first: &Made, second: &Made) -> anyhow::Result<()> {
    let names = |made: &Made| {
        made.files
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    ensure!(
        names(first) == names(second),
        "one build made {:?}, the other {:?}",
        names(first),
        names(second)
    );
    for ((name, one), (_, other)) in first.files.iter().zip(&second.files) {
        if let Some(difference) = difference(&fs::read(one)?, &fs::read(other)?) {
            bail!(
                "{name} is not the same in two builds: {difference}\n  {}\n  {}\n`diffoscope` shows what differs inside",
                one.display(),
                other.display()
            );
        }
        println!("{}  {name}  {} bytes", digest::of(one)?, fs::metadata(one)?.len());
    }
    println!("{} files are the same in two builds", first.files.len());
    Ok(())
}

/// The first byte that differs, with some that follow.
fn difference(one: &[u8], other: &[u8]) -> Option<String> {
    let common = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    if common == one.len() && common == other.len() {
        return None;
    }
    let shown = |bytes: &[u8]| {
        let rest = &bytes[common..];
        rest[..rest.len().min(SHOWN)].escape_ascii().to_string()
    };
    Some(format!(
        "from byte {common} on, of {} and {}: \"{}\" and \"{}\"",
        one.len(),
        other.len(),
        shown(one),
        shown(other)
    ))
}

/// Programs that tell where they were built are different elsewhere, and say more than they should.
fn tells_no_path(program: &Path, paths: &[PathBuf]) -> anyhow::Result<()> {
    let bytes = fs::read(program).with_context(|| program.display().to_string())?;
    for path in paths {
        let path = path.as_os_str().as_encoded_bytes();
        if let Some(at) = bytes.windows(path.len()).position(|window| window == path) {
            let end = bytes.len().min(at + path.len() + 80);
            bail!(
                "{} tells a path of this machine: {}",
                program.display(),
                bytes[at..end].escape_ascii()
            );
        }
    }
    Ok(())
}

/// Whether a package has the program as it was built, whose bill of materials is beside it.
fn holds_what_was_built(package: &Path, built: &[(String, PathBuf)]) -> anyhow::Result<()> {
    let unpacked = tempfile::tempdir()?;
    let words = [
        "--extract".as_ref(),
        package.as_os_str(),
        unpacked.path().as_os_str(),
    ];
    crate::run::output(Command::new("dpkg-deb").args(words))?;
    for entry in fs::read_dir(unpacked.path().join("usr/bin"))? {
        let program = fs::read(entry?.path())?;
        let is_built = |(_, path): &(String, PathBuf)| fs::read(path).is_ok_and(|bytes| bytes == program);
        ensure!(
            built.iter().any(is_built),
            "{} has another program than was built",
            package.display()
        );
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path, files: &[(&str, &str)]) -> Made {
        fs::create_dir_all(folder).unwrap();
        let file = |(name, text): &(&str, &str)| {
            fs::write(folder.join(name), text).unwrap();
            ((*name).to_owned(), folder.join(name))
        };
        Made {
            packages: folder.to_owned(),
            files: files.iter().map(file).collect(),
        }
    }

    #[test]
    fn the_first_difference_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let first = made(
            &folder.path().join("1"),
            &[("a", "same"), ("b", "built in /home/me")],
        );
        let same = made(
            &folder.path().join("2"),
            &[("a", "same"), ("b", "built in /home/me")],
        );
        let other = made(
            &folder.path().join("3"),
            &[("a", "same"), ("b", "built in /root")],
        );
        let fewer = made(&folder.path().join("4"), &[("a", "same")]);
        compare(&first, &same).unwrap();
        let told = compare(&first, &other).unwrap_err().to_string();
        assert!(
            told.contains("b is not the same") && told.contains("from byte 10 on"),
            "{told}"
        );
        assert!(told.contains("\"home/me\" and \"root\""), "{told}");
        assert!(compare(&first, &fewer).is_err());
        assert_eq!(difference(b"ab", b"ab"), None);
        assert!(difference(b"ab", b"abc").is_some());
    }

    #[test]
    fn a_program_that_tells_where_it_was_built_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "\0src/main.rs\0/home/me/.cargo/registry/x.rs\0").unwrap();
        tells_no_path(&program, &["/home/you".into()]).unwrap();
        let told = tells_no_path(&program, &["/home/me/.cargo".into()]).unwrap_err();
        assert!(
            told.to_string().contains("/home/me/.cargo/registry/x.rs"),
            "{told}"
        );
    }
}
