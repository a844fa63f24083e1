//! A real nginx with lines that a document gives, before a server of a test.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits for real things"
)]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::skip::skipped;

/// Longest that its start takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where it puts what does not fit into memory: not where its package says.
const TEMPORARY: [&str; 5] = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/// A running nginx; dropped, it ends.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its files; it serves those in `www`.
    pub folder: PathBuf,
}

/// A port of this machine that nobody listens on.
pub fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The first lines for nginx in a document.
pub fn lines(document: &Path) -> String {
    let page = fs::read_to_string(document).unwrap();
    let (_, rest) = page.split_once("```nginx\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

impl Nginx {
    /// Starts it with these lines in its `server` block. `None`, said loudly, where there is none.
    pub fn start(address: SocketAddr, folder: PathBuf, server: &str) -> Option<Nginx> {
        fs::create_dir_all(folder.join("www")).unwrap();
        let here = folder.display();
        let temporary = TEMPORARY.map(|kind| format!("{kind}_temp_path {here}/{kind};\n"));
        let text = format!(
            "daemon off;\nmaster_process off;\npid {here}/pid;\nerror_log {here}/error.log;\nevents {{}}\nhttp {{\n{}\
             access_log {here}/access.log;\ntypes {{ text/html html; text/javascript js; text/javascript mjs; }}\n\
             server {{\nlisten {address};\nroot {here}/www;\n{server}}}\n}}\n",
            temporary.concat(),
        );
        fs::write(folder.join("nginx.conf"), text).unwrap();
        let mut command = Command::new("nginx");
        command
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .arg("-e")
            .arg(folder.join("error.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                skipped(&format!("nginx can't be started (Debian: nginx): {error}"));
                return None;
            }
        };
        let nginx = Nginx {
            child,
            address,
            folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(
                begun.elapsed() < PATIENCE,
                "nginx does not listen: {}",
                fs::read_to_string(nginx.folder.join("error.log")).unwrap_or_default()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }

    /// Starts it on a free port before a relay, `127.0.0.1:1051` or `unix:/path:`, with the lines of `docs/UI.md`.
    pub fn before_relay(relay: &str, folder: PathBuf) -> Option<Nginx> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/UI.md");
        let lines = lines(&page).replace("127.0.0.1:1051", relay);
        let policy = "add_header Content-Security-Policy \"default-src 'self'\";\n";
        Nginx::start(free(), folder, &format!("{policy}{lines}"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
