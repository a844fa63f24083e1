//! The cluster's web interface: `examples/ui/` on an origin of its own, with the relay behind it. Enough of a server for one's own
//! browser; nginx' part is in `docs/UI.md`.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::json;

/// Where the relay is, on the interface's origin.
const PREFIX: &str = "/telemetry/";
/// Longest that a browser, or the relay, is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most bytes of a request's head and of its body.
const HEAD: u64 = 16 << 10;
const BODY: u64 = 1 << 20;
/// What the application shows, and may tell of.
const ROUTES: &str = "/,/login,/nodes,/nodes/:id,/services,/services/:id,/services/:id/tasks/:task,/unknown";

/// A relay as a child, and the application before it; it ends with this value.
pub(super) struct Interface {
    relay: Child,
    /// Where a browser finds it.
    pub(super) url: String,
}

impl Interface {
    /// Starts both.
    ///
    /// # Errors
    /// The relay does not start, or there is no port.
    pub(super) fn start(
        program: &Path,
        signal_config: &Path,
        version: &str,
        listen: &str,
    ) -> anyhow::Result<Interface> {
        let mut relay = Command::new(program)
            // Not that of a relay which may be installed here.
            .args([
                "--config",
                "/dev/null",
                "--listen",
                "127.0.0.1:0",
                "--signal-config",
            ])
            .arg(signal_config)
            .env("HELIOGRAPH_RELAY_ROUTES", ROUTES)
            .env("HELIOGRAPH_RELAY_ERRORS", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("heliograph-relay")?;
        let mut line = String::new();
        if let Some(out) = relay.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address: Option<SocketAddr> = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://"))
            .and_then(|address| address.parse().ok());
        let mut interface = Interface {
            relay,
            url: String::new(),
        };
        let Some(address) = address else {
            bail!("heliograph-relay did not start: {line}");
        };
        let listener = TcpListener::bind(listen).context("the interface")?;
        interface.url = format!("http://{}/", listener.local_addr()?);
        let site = Site {
            folder: crate::run::root().join("examples/ui"),
            relay: address,
            settings: json!({
                "script": format!("{PREFIX}tracker.js"),
                "init": {"host": PREFIX.trim_end_matches('/'), "version": version, "errors": true},
            })
            .to_string(),
        };
        thread::spawn(move || {
            let site = &site;
            thread::scope(|scope| {
                for client in listener.incoming().flatten() {
                    // A browser ends its connections when it likes.
                    scope.spawn(move || site.serve(&client));
                }
            });
        });
        Ok(interface)
    }
}

impl Drop for Interface {
    fn drop(&mut self) {
        let _ = self.relay.kill();
        let _ = self.relay.wait();
    }
}

struct Site {
    folder: PathBuf,
    relay: SocketAddr,
    settings: String,
}

impl Site {
    fn serve(&self, mut client: &TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(PATIENCE))?;
        client.set_write_timeout(Some(PATIENCE))?;
        let mut from = BufReader::new(client);
        let mut lines = Vec::new();
        for line in (&mut from).take(HEAD).lines() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let Some((first, headers)) = lines.split_first() else {
            return Ok(());
        };
        let path = first.split(' ').nth(1).unwrap_or_default();
        if path.starts_with(PREFIX) {
            return self.pass(first, headers, &mut from, client);
        }
        let (kind, content) = self.file(path.split('?').next().unwrap_or_default())?;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
             content-security-policy: default-src 'self'; img-src 'self' data:\r\nconnection: close\r\n\r\n",
            content.len()
        );
        client.write_all(head.as_bytes())?;
        client.write_all(&content)
    }

    /// A file of the application; whatever is none is one of its routes.
    fn file(&self, path: &str) -> io::Result<(&'static str, Vec<u8>)> {
        Ok(match path {
            "/settings.json" => ("application/json", self.settings.clone().into_bytes()),
            "/app.js" | "/telemetry.js" => ("text/javascript", fs::read(self.folder.join(&path[1..]))?),
            "/style.css" => ("text/css", fs::read(self.folder.join("style.css"))?),
            _ => ("text/html", fs::read(self.folder.join("index.html"))?),
        })
    }

    /// Passes a request on to the relay, as the lines for nginx do.
    fn pass(
        &self,
        first: &str,
        headers: &[String],
        from: &mut BufReader<&TcpStream>,
        mut client: &TcpStream,
    ) -> io::Result<()> {
        let mut head = format!("{first}\r\n");
        let mut length = 0;
        for header in headers {
            let name = header.split(':').next().unwrap_or_default().to_ascii_lowercase();
            match &*name {
                "connection" | "cookie" | "authorization" | "x-forwarded-for" | "x-forwarded-proto" => {
                    continue;
                }
                "content-length" => length = header[name.len() + 1..].trim().parse().unwrap_or(0),
                _ => {}
            }
            head.push_str(header);
            head.push_str("\r\n");
        }
        let peer = client.peer_addr()?.ip();
        head.push_str(&format!("x-forwarded-for: {peer}\r\nconnection: close\r\n\r\n"));
        let mut relay = TcpStream::connect(self.relay)?;
        relay.set_read_timeout(Some(PATIENCE))?;
        relay.write_all(head.as_bytes())?;
        io::copy(&mut from.take(length.min(BODY)), &mut relay)?;
        io::copy(&mut relay, &mut client)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn it_has_the_application_and_passes_on_to_the_relay() {
        // In the relay's place, what tells what it got.
        let relay = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = relay.local_addr().unwrap();
        thread::spawn(move || {
            for mut client in relay.incoming().flatten() {
                let mut got = [0; 1000];
                let mut length = 0;
                while !got[..length].ends_with(b"{}") {
                    length += client.read(&mut got[length..]).unwrap();
                }
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                client.write_all(&got[..length]).unwrap();
            }
        });
        let site = Site {
            folder: crate::run::root().join("examples/ui"),
            relay: address,
            settings: "{\"init\":1}".to_owned(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                site.serve(&client).unwrap();
            }
        });
        for (path, part) in [
            ("/nodes/7", "<title>Cluster</title>"),
            ("/app.js", "text/javascript"),
            ("/style.css", "text/css"),
            ("/settings.json?x", "{\"init\":1}"),
            ("/../Cargo.toml", "<title>Cluster</title>"),
        ] {
            let answer = ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
            assert!(answer.contains(part), "{path}: {answer}");
        }
        let answer = ask(
            address,
            "POST /telemetry/v1/batch HTTP/1.1\r\nHost: x\r\nCookie: secret\r\nX-Forwarded-For: 1.1.1.1\r\nContent-Length: 2\r\n\r\n{}",
        );
        assert!(
            answer.contains("POST /telemetry/v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"),
            "{answer}"
        );
        assert!(
            answer.contains("x-forwarded-for: 127.0.0.1\r\n") && answer.ends_with("{}"),
            "{answer}"
        );
        assert!(
            !answer.contains("secret") && !answer.contains("1.1.1.1"),
            "{answer}"
        );
    }
}
