//! A request of which only the ids are new each time: they are written in place, which costs next to nothing.

/// What stands at a place of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A random UUID, another one at each place.
    Random,
    /// The cluster's id, a UUID.
    Cluster,
    /// The cluster's reporter, 32 hexadecimal digits.
    Reporter,
    /// The hour of collection, `2026-11-22T11Z`.
    Hour,
    /// The time of collection.
    Collected,
    /// The time of sending.
    Sent,
}

/// What a request tells.
pub(super) struct Values<'a> {
    pub(super) cluster: u128,
    pub(super) hour: &'a str,
    pub(super) collected: &'a str,
    pub(super) sent: &'a str,
}

/// A request and the places that differ.
pub(super) struct Template {
    bytes: Vec<u8>,
    places: Vec<(usize, Field)>,
}

impl Template {
    /// A request's head for a body of any length, and the body, in which each field is shown as one text all over.
    pub(super) fn new(head: &str, body: &str, shown: &[(&str, Field)]) -> Template {
        let bytes = request(head, "", body.as_bytes());
        let begins = bytes.len() - body.len();
        let mut places: Vec<_> = shown
            .iter()
            .flat_map(|(text, field)| body.match_indices(text).map(move |(at, _)| (begins + at, *field)))
            .collect();
        places.sort_by_key(|(at, _)| *at);
        Template { bytes, places }
    }

    /// Writes the request with these values.
    pub(super) fn fill(&self, values: &Values<'_>, random: &mut fastrand::Rng, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.bytes);
        for (at, field) in &self.places {
            let to = &mut out[*at..];
            match field {
                Field::Random => write_uuid(to, random.u128(..)),
                Field::Cluster => write_uuid(to, values.cluster),
                Field::Reporter => write_hex(to, values.cluster.rotate_left(64)),
                Field::Hour => write_text(to, values.hour),
                Field::Collected => write_text(to, values.collected),
                Field::Sent => write_text(to, values.sent),
            }
        }
    }
}

/// A whole request.
pub(super) fn request(head: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{head}{more}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn write_text(to: &mut [u8], text: &str) {
    to[..text.len()].copy_from_slice(text.as_bytes());
}

fn write_hex(to: &mut [u8], number: u128) {
    for (pair, byte) in to.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair.copy_from_slice(&digits(byte));
    }
}

fn write_uuid(to: &mut [u8], number: u128) {
    const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    for (at, byte) in PAIRS.into_iter().zip(number.to_be_bytes()) {
        to[at..at + 2].copy_from_slice(&digits(byte));
    }
}

fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_written() {
        const UUID: &str = "00000000-0000-0000-0000-000000000000";
        let body = format!("{{\"a\":\"{UUID}\",\"b\":\"{UUID}\",\"h\":\"2000-01-01T00Z\"}}");
        let shown = [(UUID, Field::Random), ("2000-01-01T00Z", Field::Hour)];
        let template = Template::new("POST / HTTP/1.1\r\n", &body, &shown);
        let values = Values {
            cluster: 0,
            hour: "2026-11-22T11Z",
            collected: "",
            sent: "",
        };
        let (mut random, mut out) = (fastrand::Rng::with_seed(1), Vec::new());
        let mut fill = || {
            template.fill(&values, &mut random, &mut out);
            String::from_utf8(out.clone()).unwrap()
        };
        let (first, second) = (fill(), fill());
        assert!(first.starts_with("POST / HTTP/1.1\r\nContent-Length: 108\r\n\r\n{"));
        assert!(first.ends_with("\"h\":\"2026-11-22T11Z\"}"));
        assert_ne!(first, second);
        assert!(!first.contains("0000-0000"), "{first}");
        assert_eq!(first.matches('-').count(), 8 + 1 + 2);
    }
}
