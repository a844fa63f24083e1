//! Spoilt documents: a good one in, the one that a fault serves out.

use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fault::{Fault, Place};
use crate::mistype::Mistype;
use crate::source::Source;
use crate::span::{self, Down};

use Down::{First, Key};

/// The document as the fault has it. A place that the document does not have stays unspoilt.
pub(crate) fn spoil(source: Source, fault: Fault, good: &Arc<[u8]>) -> Arc<[u8]> {
    let edited = match fault {
        Fault::BadJson(place) => Some(bad_json(place, good)),
        Fault::WrongTypes(mistype) => wrong_type(source, mistype, good),
        Fault::Bom => Some(spliced(good, 0..0, b"\xef\xbb\xbf")),
        Fault::InvalidUtf8 => Some(with_bad_text(source, good, b"caf\xe9 \xff")),
        Fault::LoneSurrogate => Some(with_bad_text(source, good, br"half \ud800 a pair")),
        Fault::TrailingBytes => Some(spliced(good, good.len()..good.len(), b"\n}trailing")),
        Fault::DuplicateKeys => Some(duplicate_keys(source, good)),
        Fault::GzipBroken => Some(broken_gzip(good)),
        _ => None,
    };
    edited.map_or_else(|| good.clone(), Arc::from)
}

/// Compresses, fast rather than well.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to a `Vec` can't fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn spliced(bytes: &[u8], range: Range<usize>, with: &[u8]) -> Vec<u8> {
    [&bytes[..range.start], with, &bytes[range.end..]].concat()
}

fn replaced(json: &[u8], path: &[Down], with: &[u8]) -> Option<Vec<u8>> {
    span::value(json, path).map(|range| spliced(json, range, with))
}

fn bad_json(place: Place, good: &[u8]) -> Vec<u8> {
    let middle = match place {
        Place::Start => None,
        Place::Middle => span::comma(good, good.len() / 2),
    };
    match middle {
        Some(comma) => spliced(good, comma..comma + 1, b";"),
        None => spliced(good, 0..1, b"<"),
    }
}

fn wrong_type(source: Source, mistype: Mistype, good: &[u8]) -> Option<Vec<u8>> {
    if !Fault::WrongTypes(mistype).applies_to(source) {
        return None;
    }
    let unit = [Key("Units"), First];
    let unit_key = |key| [Key("Units"), First, Key(key)];
    let node = [Key("Units"), First, Key("Nodes"), First];
    let definition = [
        Key("packages"),
        First,
        Key("packageInformation"),
        Key("packageDefinition"),
        Key("name"),
    ];
    match mistype {
        Mistype::Top => Some([b"[", good, b"]"].concat()),
        Mistype::UnitsNull => replaced(good, &unit[..1], b"null"),
        Mistype::UnitNull => replaced(good, &unit, b"null"),
        Mistype::NodeNull => replaced(good, &node, b"null"),
        Mistype::HealthText => replaced(good, &unit_key("Health"), br#""1""#),
        Mistype::HealthFloat => replaced(good, &unit_key("Health"), b"1.0"),
        Mistype::OutputArray => replaced(good, &[&node[..], &[Key("Output")]].concat(), b"[]"),
        Mistype::OutputNumber => replaced(good, &[&node[..], &[Key("Output"), First]].concat(), b"7"),
        Mistype::TimestampNumber => replaced(good, &unit_key("Timestamp"), b"1504640000"),
        Mistype::NodesObject => replaced(good, &unit_key("Nodes"), b"{}"),
        Mistype::PackagesNull => replaced(good, &[Key("packages")], b"null"),
        Mistype::PackageNull => replaced(good, &[Key("packages"), First], b"null"),
        Mistype::PackageNameNumber => replaced(good, &definition, b"7"),
        Mistype::FrameworksNull => replaced(good, &[Key("frameworks")], b"null"),
        Mistype::FrameworkNull => replaced(good, &[Key("frameworks"), First], b"null"),
        Mistype::FrameworkNameNumber => replaced(good, &[Key("frameworks"), First, Key("name")], b"7"),
        Mistype::MetricText => replaced(good, &[Key("master/cpus_total")], br#""8.0""#),
        Mistype::MetricNull => replaced(good, &[Key("master/mem_total")], b"null"),
    }
}

/// Puts a text that is no Unicode into the strings that [`Fault::InvalidUtf8`] names.
fn with_bad_text(source: Source, good: &[u8], text: &[u8]) -> Vec<u8> {
    let quoted = [b"\"", text, b"\""].concat();
    let places: &[&[Down]] = match source {
        Source::Diagnostics => &[
            &[Key("Units"), First, Key("Title")],
            &[Key("Units"), First, Key("Nodes"), First, Key("Host")],
        ],
        Source::Cosmos => &[&[
            Key("packages"),
            First,
            Key("packageInformation"),
            Key("packageDefinition"),
            Key("name"),
        ]],
        Source::Frameworks => &[&[Key("frameworks"), First, Key("name")]],
        Source::Metrics => return at_top(good, &[&quoted[..], b":1.0,"].concat()),
    };
    let mut bad = good.to_vec();
    for place in places {
        if let Some(edited) = replaced(&bad, place, &quoted) {
            bad = edited;
        }
    }
    bad
}

fn duplicate_keys(source: Source, good: &[u8]) -> Vec<u8> {
    match source {
        Source::Diagnostics => {
            let health = [Key("Units"), First, Key("Nodes"), First, Key("Health")];
            let twice = span::value(good, &health).map(|range| {
                let again = [&good[range.clone()], br#","Health":"#, &good[range.clone()]].concat();
                spliced(good, range, &again)
            });
            at_top(&twice.unwrap_or_else(|| good.to_vec()), br#""Units":{},"#)
        }
        Source::Cosmos => at_top(good, br#""packages":[],"#),
        Source::Frameworks => at_top(good, br#""frameworks":[],"#),
        Source::Metrics => at_top(good, br#""master/cpus_total":0.0,"#),
    }
}

/// Inserts a member as the first one of the object at the top.
fn at_top(good: &[u8], member: &[u8]) -> Vec<u8> {
    let inside = good
        .iter()
        .position(|byte| *byte == b'{')
        .map_or(0, |brace| brace + 1);
    spliced(good, inside..inside, member)
}

fn broken_gzip(good: &[u8]) -> Vec<u8> {
    let mut stream = gzip(good);
    let half = stream.len() / 2;
    stream[half..].fill(0xff);
    stream
}
