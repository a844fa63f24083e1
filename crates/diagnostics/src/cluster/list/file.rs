//! Members from a file: one a line, as in the configuration; what follows a `#` is left out. It is looked at every other second
//! and read when it has changed and then stayed as it is, so that no half-written file is taken for the list. A file with a
//! mistake is not taken at all: the last list holds.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::cluster::blocking::Blocking;
use crate::cluster::member::Entry;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A file that is watched.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    watch: Watch,
    /// A file that hangs, on a disk that is not there, keeps one thread.
    thread: Blocking,
}

/// What tells one content of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    device: u64,
    size: u64,
    modified: (i64, i64),
}

/// What was seen of the file.
#[derive(Debug, Default)]
struct Watch {
    seen: Option<Stamp>,
    taken: Option<Stamp>,
    begun: bool,
}

impl File {
    pub(super) fn new(path: PathBuf) -> File {
        File {
            path,
            watch: Watch::default(),
            thread: Blocking::new(1),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in it; `None` when that is to be taken as it was.
    pub(super) async fn look(&mut self) -> Result<Option<Vec<Entry>>, String> {
        let said = self.try_look().await;
        if said.is_err() {
            // When it is as it was before, it must be read to know that all is well again.
            self.watch.taken = None;
        }
        said
    }

    async fn try_look(&mut self) -> Result<Option<Vec<Entry>>, String> {
        let first = !std::mem::replace(&mut self.watch.begun, true);
        let before = self.stamp().await?;
        if !self.watch.is_to_be_read(before, first) {
            return Ok(None);
        }
        let path = self.path.clone();
        let text = self
            .thread
            .run(move || read(&path))
            .await
            .map_err(|error| unreadable(&error))?;
        if self.stamp().await? != before {
            return Ok(None);
        }
        let entries = parse(&text)?;
        self.watch.taken = Some(before);
        Ok(Some(entries))
    }

    async fn stamp(&self) -> Result<Stamp, String> {
        let path = self.path.clone();
        let stamp = self.thread.run(move || {
            let metadata = fs::metadata(path)?;
            Ok(Stamp {
                inode: metadata.ino(),
                device: metadata.dev(),
                size: metadata.size(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
            })
        });
        stamp.await.map_err(|error| unreadable(&error))
    }
}

impl Watch {
    /// Whether the file of that stamp is to be read: at the first look, and when it has changed and is as at the last look.
    fn is_to_be_read(&mut self, now: Stamp, first: bool) -> bool {
        let stands_still = self.seen.replace(now) == Some(now);
        self.taken != Some(now) && (first || stands_still)
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)?;
    if read as u64 > MAX_FILE {
        return Err(io::Error::other(format!("it is larger than {MAX_FILE} bytes")));
    }
    Ok(text)
}

fn unreadable(error: &io::Error) -> String {
    format!("it can't be read: {error}")
}

fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            entries.push(line.parse().map_err(|error| format!("line {number}: {error}"))?);
        }
    }
    if entries.is_empty() {
        return Err("it names no member".to_owned());
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(said: Result<Option<Vec<Entry>>, String>) -> String {
        match said {
            Ok(None) => "as it was".to_owned(),
            Ok(Some(entries)) => entries
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            Err(problem) => format!("! {}", problem.split(" (").next().unwrap()),
        }
    }

    #[tokio::test]
    async fn a_file_is_read_when_it_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodes");
        let mut file = File::new(path.clone());
        let steps: [(Option<&str>, &str); 11] = [
            (None, "! it can't be read: No such file or directory"),
            (Some("10.0.0.1 # one\n\nagent=fd00::1\n"), "as it was"),
            (None, "10.0.0.1 agent=fd00::1"),
            (None, "as it was"),
            (Some("10.0.0.2"), "as it was"),
            (Some("10.0.0.2\n10.0.0.3"), "as it was"),
            (None, "10.0.0.2 10.0.0.3"),
            (Some("10.0.0.2\n10.0.0.300\n"), "as it was"),
            (
                None,
                "! line 2: expected an address or a name, such as 10.0.0.1, [fd00::1]:1050 or master=node-1.example",
            ),
            (Some("# none"), "as it was"),
            (None, "! it names no member"),
        ];
        for (step, (write, expected)) in steps.into_iter().enumerate() {
            if let Some(text) = write {
                // As editors do: another file takes its place.
                let aside = folder.path().join(format!("aside-{step}"));
                fs::write(&aside, text).unwrap();
                fs::rename(aside, &path).unwrap();
            }
            assert_eq!(shown(file.look().await), expected, "step {step}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_back_as_it_was_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("nodes"), folder.path().join("aside"));
        fs::write(&path, "10.0.0.1").unwrap();
        let mut file = File::new(path.clone());
        assert_eq!(shown(file.look().await), "10.0.0.1");
        fs::rename(&path, &aside).unwrap();
        assert!(file.look().await.is_err());
        fs::rename(&aside, &path).unwrap();
        assert_eq!(shown(file.look().await), "10.0.0.1");

        fs::write(&path, vec![b'#'; 2 << 20]).unwrap();
        assert_eq!(shown(file.look().await), "as it was");
        assert_eq!(
            shown(file.look().await),
            "! it can't be read: it is larger than 1048576 bytes"
        );
    }
}
