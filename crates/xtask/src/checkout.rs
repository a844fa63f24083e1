//! The last commit's files in a folder of their own: as somebody else gets them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::run::{output, root, say};

/// A commit, and when it was made.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    hash: String,
    /// Seconds since 1970.
    pub(crate) epoch: u64,
}

impl Commit {
    /// The last one, whatever is committed from now on.
    ///
    /// # Errors
    /// There is no git, or this is no checkout of it.
    pub(crate) fn last() -> anyhow::Result<Commit> {
        let text = output(&mut git(&["log", "-1", "--format=%H %ct"]))?;
        let (hash, epoch) = text.trim().split_once(' ').context("git tells no commit")?;
        Ok(Commit {
            hash: hash.to_owned(),
            epoch: epoch.parse().context("the time that git tells")?,
        })
    }

    /// Writes its files into a folder, which is made anew.
    ///
    /// # Errors
    /// They can't be written.
    pub(crate) fn lay(&self, folder: &Path) -> anyhow::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let mut archive = git(&["archive", "--format=tar", &self.hash])
            .stdout(Stdio::piped())
            .spawn()
            .context("git")?;
        let mut tar = Command::new("tar");
        tar.args(["--extract", "--directory"]).arg(folder);
        if let Some(out) = archive.stdout.take() {
            tar.stdin(out);
        }
        let unpacked = tar.status().context("tar")?;
        let archived = archive.wait()?;
        ensure!(
            archived.success() && unpacked.success(),
            "{} can't be laid out in {}: git archive {archived}, tar {unpacked}",
            self.hash,
            folder.display()
        );
        Ok(())
    }
}

/// The last commit's time, in seconds since 1970; without git that of the changelog's last change.
pub(crate) fn epoch() -> anyhow::Result<u64> {
    if let Ok(commit) = Commit::last() {
        return Ok(commit.epoch);
    }
    let changed = fs::metadata(root().join("CHANGELOG.md"))?.modified()?;
    Ok(changed.duration_since(std::time::UNIX_EPOCH)?.as_secs())
}

/// Says so where files differ from the last commit.
pub(crate) fn warn_of_changes() -> anyhow::Result<()> {
    let changed = output(&mut git(&["status", "--porcelain", "--untracked-files=no"]))?;
    if !changed.is_empty() {
        say("what is not committed is left out");
    }
    Ok(())
}

fn git(words: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(words).current_dir(root());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_commit_is_laid_out_without_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("a");
        fs::create_dir(&at).unwrap();
        fs::write(at.join("old"), "").unwrap();
        let Ok(commit) = Commit::last() else {
            heliograph_fleet::skip::skipped("no git, or no checkout of it");
            return;
        };
        commit.lay(&at).unwrap();
        assert!(at.join("Cargo.lock").exists() && !at.join("old").exists() && !at.join(".git").exists());
        assert!(epoch().unwrap() > 1_700_000_000);
    }
}
