//! What can be listened on: `host:port`, or `unix:/path` for a socket file.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Something to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A host, or its address, and a port.
    Tcp(String),
    /// The file of a Unix socket.
    Unix(PathBuf),
}

/// Neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Address, NotAnAddress> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = Path::new(path);
            return match path.file_name() {
                Some(_) if path.is_absolute() => Ok(Address::Unix(path.to_owned())),
                _ => Err(NotAnAddress),
            };
        }
        let (host, port) = text.rsplit_once(':').ok_or(NotAnAddress)?;
        let fits = !host.is_empty() && port.parse::<u16>().is_ok();
        fits.then(|| Address::Tcp(text.to_owned())).ok_or(NotAnAddress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_two_kinds() {
        for text in ["127.0.0.1:8080", "[::1]:0", "localhost:80", "0.0.0.0:65535"] {
            assert_eq!(text.parse(), Ok(Address::Tcp(text.to_owned())));
        }
        assert_eq!(
            "unix:/run/x.sock".parse(),
            Ok(Address::Unix(PathBuf::from("/run/x.sock")))
        );
        for text in [
            "",
            "8080",
            ":8080",
            "localhost",
            "localhost:http",
            "localhost:65536",
            "unix:",
            "unix:x.sock",
            "unix:/",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text}");
        }
    }
}
