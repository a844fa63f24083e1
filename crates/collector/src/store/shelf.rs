//! A shelf of the time line: the reports of a cluster's hour about a few events, as bytes. Pure.
//!
//! What a reporter said in one commit stands together, so that it and the batch are said once:
//!
//! | bytes | what |
//! |---|---|
//! | number | how many reports, times two; one more where the reporter says who it is |
//! | 16, or none | who |
//! | number | the batch with the records |
//! | for each report: 1 | the event's last four bits; 16: it counts; 32: it says how large the cluster is |
//! | … 8 | digest, the highest byte first |
//! | … number, or none | nodes |
//!
//! Numbers are those of [`varint`]. A shelf holds [`EVENTS`] events of one part of reports, so it is small whoever sends what: at most
//! so many reporters of a slot are kept.

use crate::delta::Damaged;
use crate::varint::{self, NoNumber};

/// How many events a shelf has room for.
const EVENTS: i64 = 16;
/// What is in a report's first byte beside the event.
const COUNTS: u8 = 16;
const HAS_NODES: u8 = 32;
/// Shelves of one part of reports. There are fewer events by far.
const OF_PART: i64 = 1 << 31;

/// Who has reported: 16 bytes; `None` of one that does not say who it is.
pub(super) type Who = Option<[u8; 16]>;

/// Where a report belongs, among those of its cluster's hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The event's number, from 1.
    pub event: i64,
    /// Which part of a report that had to be split, from 1.
    pub part: i64,
}

/// A report in the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reported {
    /// Who.
    pub reporter: Who,
    /// The number of the batch that its record is in.
    pub batch: i64,
    /// Where it belongs.
    pub place: Place,
    /// Whether it is the one of its slot that counts.
    pub counts: bool,
    /// What tells its content from another one.
    pub digest: i64,
    /// How large it says that the cluster is.
    pub nodes: Option<i64>,
}

impl Place {
    /// The shelf that it is on.
    pub(super) fn shelf(self) -> i64 {
        (self.part - 1) * OF_PART + self.event / EVENTS
    }

    fn on(shelf: i64, low: u8) -> Place {
        Place {
            event: shelf % OF_PART * EVENTS + i64::from(low),
            part: shelf / OF_PART + 1,
        }
    }

    fn low(self) -> u8 {
        u8::try_from(self.event % EVENTS).unwrap_or_default()
    }
}

/// The bytes of reports that are on one shelf. Sorts them.
pub(super) fn encode(reports: &mut [Reported]) -> Vec<u8> {
    reports.sort_unstable();
    let mut bytes = Vec::with_capacity(reports.len() * 32);
    for told in reports.chunk_by(|one, next| (one.reporter, one.batch) == (next.reporter, next.batch)) {
        let Some(first) = told.first() else { continue };
        let count = u64::try_from(told.len()).unwrap_or(u64::MAX);
        varint::push(count << 1 | u64::from(first.reporter.is_some()), &mut bytes);
        bytes.extend(first.reporter.iter().flatten());
        varint::push(first.batch.cast_unsigned(), &mut bytes);
        for report in told {
            let counts = if report.counts { COUNTS } else { 0 };
            let has_nodes = if report.nodes.is_some() { HAS_NODES } else { 0 };
            bytes.push(report.place.low() | counts | has_nodes);
            bytes.extend(report.digest.to_be_bytes());
            if let Some(nodes) = report.nodes {
                varint::push_signed(nodes, &mut bytes);
            }
        }
    }
    bytes
}

/// The reports that are on a shelf.
///
/// # Errors
/// When the bytes are none that a shelf has.
pub fn decode(shelf: i64, bytes: &[u8]) -> Result<Vec<Reported>, Damaged> {
    read(shelf, bytes).ok_or(Damaged)
}

fn read(shelf: i64, mut bytes: &[u8]) -> Option<Vec<Reported>> {
    let number = |found: Result<u64, NoNumber>| found.ok();
    let mut reports = Vec::new();
    while !bytes.is_empty() {
        let head = number(varint::take(&mut bytes))?;
        let reporter = match head & 1 {
            0 => None,
            _ => Some(array(&mut bytes)?),
        };
        let batch = number(varint::take(&mut bytes))?.cast_signed();
        for _ in 0..head >> 1 {
            let [first] = array(&mut bytes)?;
            reports.push(Reported {
                reporter,
                batch,
                place: Place::on(shelf, first & 0xf),
                counts: first & COUNTS != 0,
                digest: i64::from_be_bytes(array(&mut bytes)?),
                nodes: match first & HAS_NODES {
                    0 => None,
                    _ => Some(varint::take_signed(&mut bytes).ok()?),
                },
            });
        }
    }
    Some(reports)
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reports() -> impl Strategy<Value = (i64, Vec<Reported>)> {
        let places = (0_i64..40, 1_i64..=1 << 32).prop_map(|(event, part)| Place { event, part }.shelf());
        let report = (
            any::<Option<[u8; 16]>>(),
            0_i64..3,
            0_u8..16,
            any::<bool>(),
            any::<i64>(),
            any::<Option<i64>>(),
        );
        (places, prop::collection::vec(report, 0..6)).prop_map(|(shelf, reports)| {
            let reports = reports.into_iter();
            let reports = reports.map(|(reporter, batch, low, counts, digest, nodes)| Reported {
                reporter: reporter.filter(|_| batch != 1),
                batch,
                place: Place::on(shelf, low),
                counts,
                digest,
                nodes,
            });
            (shelf, reports.collect())
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back((shelf, mut reports) in reports()) {
            let bytes = encode(&mut reports);
            prop_assert!(reports.iter().all(|report| report.place.shelf() == shelf));
            prop_assert_eq!(decode(shelf, &bytes).unwrap(), reports);
            if !bytes.is_empty() {
                prop_assert!(decode(shelf, &bytes[..bytes.len() - 1]).is_err());
            }
        }

        #[test]
        fn anything_is_a_shelf_or_none(shelf in any::<i64>(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(shelf.max(0), &bytes);
        }
    }

    #[test]
    fn an_hour_of_three_reports_takes_little() {
        let report = |event| Reported {
            reporter: Some([7; 16]),
            batch: 1_000_000,
            place: Place { event, part: 1 },
            counts: true,
            digest: -1,
            nodes: (event == 1).then_some(8),
        };
        let mut reports = [report(1), report(2), report(3)];
        assert!(reports.iter().all(|report| report.place.shelf() == 0));
        assert_eq!(encode(&mut reports).len(), 48);
    }
}
