//! Files of the system as a test wants them, for one command: it runs in a mount namespace of its own, in which they are put over
//! the real ones. Needs no root where user namespaces are allowed. The network is the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::required::skipped;

/// Puts each given path over the real one, in turn, then becomes the command.
const SCRIPT: &str =
    r#"while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 125; shift 2; done; shift; exec "$@""#;

/// What a command sees instead of the real files and folders.
#[derive(Clone, Default)]
pub(crate) struct Namespace {
    over: Vec<(PathBuf, &'static str)>,
}

impl Namespace {
    /// One in which nothing differs; `None`, said loudly, where there can be none.
    pub(crate) fn new() -> Option<Namespace> {
        let mut command = Namespace::default().command("true");
        let possible = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !possible {
            skipped("unshare: mount namespaces are not allowed here");
        }
        possible.then(Namespace::default)
    }

    /// Puts a file or folder over a real one, which must exist.
    pub(crate) fn put(mut self, path: impl AsRef<Path>, over: &'static str) -> Namespace {
        self.over.push((path.as_ref().to_owned(), over));
        self
    }

    /// A program, run there.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("unshare");
        command.args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SCRIPT,
            "namespace",
        ]);
        for (path, over) in &self.over {
            command.arg(path).arg(over);
        }
        command.arg("--").arg(program.as_ref());
        command
    }
}
