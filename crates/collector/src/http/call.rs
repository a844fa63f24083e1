//! The calls of Segment's HTTP API, by their paths.

use std::sync::LazyLock;

use heliograph_wire::segment::{BATCH_PATH, MAX_MESSAGE};

use super::pixel;
use crate::ingest::envelope::{Envelope, EnvelopeError};
use crate::ingest::message::KINDS;
use crate::ingest::moment::Trust;
use crate::ingest::request::MAX_REQUEST;
use crate::key::KeyKind;

/// Largest body of a single call, in bytes when inflated. A message is measured as compact JSON in UTF-8; with all of its
/// characters escaped it takes three times that, and some space is nobody's fault.
const MAX_SINGLE: usize = 4 * MAX_MESSAGE;

/// What a path takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Messages that say their `type`.
    Batch,
    /// The same, of a time that the sender knows better than we do.
    Import,
    /// One message of this `type`, whatever it says itself.
    Single(&'static str),
}

/// All paths of images.
pub(super) fn pixel_paths() -> impl Iterator<Item = (String, Call)> {
    KINDS
        .iter()
        .map(|kind| (format!("{}{kind}", pixel::PREFIX), Call::Single(kind)))
}

/// All paths to post to. Analytics-next knows only the first letters.
pub(super) fn paths() -> impl Iterator<Item = (String, Call)> {
    let batches = [
        (BATCH_PATH, Call::Batch),
        ("/v1/b", Call::Batch),
        ("/v1/import", Call::Import),
    ];
    let singles = KINDS.iter().flat_map(|kind| {
        let call = Call::Single(kind);
        [
            (format!("/v1/{kind}"), call),
            (format!("/v1/{}", &kind[..1]), call),
        ]
    });
    let batches = batches.into_iter().map(|(path, call)| (path.to_owned(), call));
    batches.chain(singles)
}

/// What is posted to a path, with its text for the metrics.
pub(super) fn posted_to(path: &str) -> Option<(&'static str, Call)> {
    static PATHS: LazyLock<Vec<(String, Call)>> = LazyLock::new(|| paths().collect());
    let found = PATHS.iter().find(|(known, _)| known == path);
    found.map(|(known, call)| (known.as_str(), *call))
}

impl Call {
    /// Largest body, in bytes, as it comes and inflated.
    pub(super) const fn limit(self) -> usize {
        match self {
            Call::Batch | Call::Import => MAX_REQUEST,
            Call::Single(_) => MAX_SINGLE,
        }
    }

    /// Whose clock is believed.
    pub(super) fn trust(self, kind: KeyKind) -> Trust {
        match (self, Trust::of(kind)) {
            (Call::Import, Trust::Corrected) => Trust::Stated,
            (_, trust) => trust,
        }
    }

    /// Reads a body.
    pub(super) fn envelope(self, text: &str) -> Result<Envelope<'_>, EnvelopeError> {
        match self {
            Call::Batch | Call::Import => Envelope::parse(text),
            Call::Single(kind) => Envelope::single(text, kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn paths_are_those_of_the_protocol() {
        let paths: BTreeMap<_, _> = paths().collect();
        assert_eq!(paths.len(), 15, "first letters are all different");
        assert_eq!(paths["/v1/s"], Call::Single("screen"));
        assert_eq!(paths["/v1/alias"], paths["/v1/a"]);
        assert_eq!(paths["/v1/b"], paths["/v1/batch"]);
        for (path, call) in &paths {
            assert_eq!(posted_to(path), Some((path.as_str(), *call)));
        }
        assert_eq!(posted_to("/v1/batch/"), None);
    }

    #[test]
    fn an_import_states_its_times() {
        assert_eq!(Call::Import.trust(KeyKind::Server), Trust::Stated);
        assert_eq!(Call::Import.trust(KeyKind::Peer), Trust::Peer);
        assert_eq!(Call::Single("track").trust(KeyKind::Ui), Trust::Corrected);
    }
}
