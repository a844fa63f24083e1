//! A real nginx with the lines of `docs/UI.md` before a relay.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use heliograph_fleet::skip::skipped;

/// Longest that its start takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running nginx; dropped, it ends.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) folder: PathBuf,
}

impl Nginx {
    /// Passes on to `127.0.0.1:1051` or `unix:/path:`, and keeps its files in a folder. `None`, said loudly, where there is none.
    pub(crate) fn before(relay: &str, folder: PathBuf) -> Option<Nginx> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        fs::create_dir_all(folder.join("www")).unwrap();
        let here = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {here}/{kind};\n"));
        let text = format!(
            "daemon off;\nmaster_process off;\npid {here}/pid;\nerror_log {here}/error.log;\nevents {{}}\nhttp {{\n{}\
             access_log {here}/access.log;\ntypes {{ text/html html; text/javascript js; text/javascript mjs; }}\n\
             server {{\nlisten {address};\nroot {here}/www;\nadd_header Content-Security-Policy \"default-src 'self'\";\n{}}}\n}}\n",
            temporary.concat(),
            lines().replace("127.0.0.1:1051", relay)
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
            assert!(begun.elapsed() < PATIENCE, "nginx does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }
}

/// The lines that the page gives.
fn lines() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/UI.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```nginx\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
