//! What can go wrong: what, where, and what to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use heliograph_fleet::documents::UnreadableDocument;
use heliograph_fleet::generate::post::PostError;

/// Why nothing is served, or made.
#[derive(Debug)]
pub(crate) enum Problem {
    TooManyUnreachable { asked: usize, nodes: usize },
    Documents(UnreadableDocument),
    Truth { path: PathBuf, source: io::Error },
    Ports { base: u16, source: io::Error },
    Ready(io::Error),
    Messages { path: PathBuf, source: io::Error },
    Post(PostError),
    Change(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyUnreachable { asked, nodes } => write!(
                f,
                "--unreachable {asked} is too many: of {nodes} nodes all but the leading master can be unreachable"
            ),
            Self::Documents(_) => f.write_str("there are no documents to serve: correct --documents"),
            Self::Truth { path, .. } => {
                write!(
                    f,
                    "can't write the truth to {}: name a file in a folder that can be written",
                    path.display()
                )
            }
            Self::Ports { base: 0, .. } => f.write_str("can't listen on 127.0.0.1"),
            Self::Ports { base, .. } => write!(
                f,
                "can't listen on four ports of 127.0.0.1 from {base}: choose others with --port-base, or 0 for any"
            ),
            Self::Ready(_) => f.write_str("can't say that it is done"),
            Self::Messages { path, .. } => {
                write!(
                    f,
                    "can't write the messages to {}: name a file on a disk with room",
                    path.display()
                )
            }
            Self::Post(_) => f.write_str("not all messages were taken: correct --to and --key"),
            Self::Change(why) => f.write_str(why),
        }
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooManyUnreachable { .. } | Self::Change(_) => None,
            Self::Documents(source) => Some(source),
            Self::Post(source) => Some(source),
            Self::Truth { source, .. }
            | Self::Ports { source, .. }
            | Self::Messages { source, .. }
            | Self::Ready(source) => Some(source),
        }
    }
}
