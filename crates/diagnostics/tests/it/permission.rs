//! Files that the daemon may not read or write: it does not start, exits as documented, and says which file it is.

use std::path::Path;
use std::process::Stdio;

use heliograph_fleet::unprivileged::{Unprivileged, allow};

use crate::daemon::PROGRAM;

#[test]
fn what_can_t_be_read_or_made_is_told_at_the_start() {
    let account = Unprivileged::of(Path::new(PROGRAM));
    let file = account.write("file", "listen = [\"127.0.0.1:0\"]\n");
    allow(&file, 0);
    let config = account.write("config.toml", "listen = [\"127.0.0.1:0\"]\n");
    let socket = account.foreign("socket");
    let listen = format!("unix:{}", socket.display());
    let (config, name) = (config.to_str().unwrap(), file.to_str().unwrap());
    for (path, words, variables) in [
        (&file, vec!["--config", name, "serve"], vec![]),
        (
            &socket,
            vec!["--config", config, "serve", "--listen", &listen],
            vec![],
        ),
        (
            &file,
            vec!["--config", config, "serve"],
            vec![("TLS_CERT", name), ("TLS_KEY", name)],
        ),
    ] {
        let mut command = account.command();
        for (key, value) in variables {
            command.env(format!("HELIOGRAPH_DIAGNOSTICS_{key}"), value);
        }
        let output = command.args(&words).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        for part in [path.to_str().unwrap(), "Permission denied"] {
            assert!(said.contains(part), "{words:?}: {part:?} is missing: {said}");
        }
    }
}
