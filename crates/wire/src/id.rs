//! Ids: the cluster, the reporter, the reporting hour, and the message id that is made of them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use sha2::{Digest, Sha256};

/// A cluster's id as it stands in `/var/lib/dcos/cluster-id`: mostly a UUID, but any visible text of 1 to 128 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(String);

/// Longest cluster id, in bytes.
pub const MAX_CLUSTER_ID: usize = 128;

impl ClusterId {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with the text of an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing, or only white space.
    #[error("it is empty")]
    Empty,
    /// Longer than an id may be.
    #[error("it is {0} bytes long, at most {1} are allowed")]
    TooLong(usize, usize),
    /// White space or control characters inside.
    #[error("it holds white space or control characters")]
    NotVisible,
    /// Not of the form that the id has.
    #[error("expected {0}")]
    Form(&'static str),
}

impl FromStr for ClusterId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let id = text.trim();
        if id.is_empty() {
            return Err(InvalidId::Empty);
        }
        if id.len() > MAX_CLUSTER_ID {
            return Err(InvalidId::TooLong(id.len(), MAX_CLUSTER_ID));
        }
        let is_visible = |c: char| !c.is_whitespace() && !c.is_control();
        // Most are ASCII, which is seen without decoding.
        if !id.bytes().all(|byte| byte.is_ascii_graphic()) && !id.chars().all(is_visible) {
            return Err(InvalidId::NotVisible);
        }
        Ok(ClusterId(id.to_owned()))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who reports: the first 128 bits of the SHA-256 of a secret that never leaves its state directory, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReporterId([u8; 32]);

impl ReporterId {
    /// The id of the reporter that holds this secret.
    pub fn of_secret(secret: &[u8]) -> ReporterId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&Sha256::digest(secret)[..16]);
        ReporterId::of_bytes(bytes)
    }

    /// The id of these 128 bits.
    pub fn of_bytes(bytes: [u8; 16]) -> ReporterId {
        let mut digits = [0; 32];
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(bytes) {
            *pair = digits_of(byte);
        }
        ReporterId(digits)
    }

    /// Its 128 bits.
    pub fn bytes(&self) -> [u8; 16] {
        let value = |digit: u8| match digit {
            b'a'..=b'f' => digit - b'a' + 10,
            _ => digit - b'0',
        };
        let mut bytes = [0; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(self.0.as_chunks().0) {
            *byte = value(*high) << 4 | value(*low);
        }
        bytes
    }

    /// The id's text: 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        // Digits are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for ReporterId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        match text.as_bytes().try_into() {
            Ok(digits) if text.bytes().all(|byte| is_digit(&byte)) => Ok(ReporterId(digits)),
            _ => Err(InvalidId::Form("32 lower-case hexadecimal digits")),
        }
    }
}

impl fmt::Display for ReporterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An hour of UTC, counted from the epoch: the slot that a report belongs to. Written `2026-11-22T11Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

impl Hour {
    /// The hour that holds an instant.
    pub fn of(at: Timestamp) -> Hour {
        Hour(at.as_second().div_euclid(3600))
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        // Both ways in are bounded by the range of `Timestamp`, so the hour is too.
        Timestamp::from_second(self.0 * 3600).unwrap_or(Timestamp::MIN)
    }

    /// Hours since 1970-01-01T00Z.
    pub fn number(self) -> i64 {
        self.0
    }

    /// The hour with this number, if time goes that far.
    pub fn from_number(number: i64) -> Option<Hour> {
        Timestamp::from_second(number.checked_mul(3600)?)
            .ok()
            .map(|_| Hour(number))
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start().strftime("%Y-%m-%dT%HZ"))
    }
}

impl FromStr for Hour {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        const FORM: InvalidId = InvalidId::Form("an hour such as 2026-11-22T11Z");
        // One hour has one spelling, or two ids would name one report.
        let day = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
        let (day, hour) = day.filter(|_| text.len() == 14).ok_or(FORM)?;
        let (year, month_and_day) = day.split_once('-').ok_or(FORM)?;
        let (month, day) = month_and_day.split_once('-').ok_or(FORM)?;
        let number = |digits: &str, length| {
            let sound = digits.len() == length && digits.bytes().all(|digit| digit.is_ascii_digit());
            let number = digits.parse::<i16>().ok().filter(|_| sound);
            number.ok_or(FORM)
        };
        let small = |digits| number(digits, 2).and_then(|number| i8::try_from(number).map_err(|_| FORM));
        let date = Date::new(number(year, 4)?, small(month)?, small(day)?).map_err(|_| FORM)?;
        let time = Time::new(small(hour)?, 0, 0, 0).map_err(|_| FORM)?;
        let start = Offset::UTC.to_timestamp(date.to_datetime(time));
        start.map(Hour::of).map_err(|_| FORM)
    }
}

/// The id of a cluster's message: `<cluster>:<event>:<hour>`, and `:<part>` from the second part of a report that was split.
///
/// Whatever collects the same event of the same cluster in the same hour, once or again, now or after a month offline, makes
/// the same id; so a repeat is recognised by any receiver that drops duplicates by `messageId`. At most 100 characters
/// (Segment's limit): a cluster id that is long or has a colon in it stands there as the first 128 bits of its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    cluster: String,
    event: String,
    hour: Hour,
    part: u32,
}

/// Longest cluster id that stands in a message id as it is, in bytes.
const MAX_VERBATIM: usize = 48;

impl MessageId {
    /// The id of a report's message; `part` counts from 1.
    pub fn of_report(cluster: &ClusterId, event: &str, hour: Hour, part: u32) -> MessageId {
        MessageId {
            cluster: cluster_part(cluster).into_owned(),
            event: event.to_owned(),
            hour,
            part,
        }
    }

    /// Whether the id names this cluster.
    pub fn is_of(&self, cluster: &ClusterId) -> bool {
        self.cluster == cluster_part(cluster)
    }

    /// The event that the id names.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The same, for keeps.
    pub fn into_event(self) -> String {
        self.event
    }

    /// The hour of collection.
    pub fn hour(&self) -> Hour {
        self.hour
    }

    /// Which part of a split report, from 1.
    pub fn part(&self) -> u32 {
        self.part
    }
}

fn cluster_part(cluster: &ClusterId) -> Cow<'_, str> {
    let id = cluster.as_str();
    let plain = id.len() <= MAX_VERBATIM && id.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    if plain {
        Cow::Borrowed(id)
    } else {
        Cow::Owned(format!("sha256-{}", hex(&Sha256::digest(id)[..16])))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.cluster, self.event, self.hour)?;
        if self.part == 1 {
            Ok(())
        } else {
            write!(f, ":{}", self.part)
        }
    }
}

impl FromStr for MessageId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        const FORM: InvalidId = InvalidId::Form("<cluster>:<event>:<hour>[:<part>]");
        let mut fields = text.split(':');
        let (Some(cluster), Some(event), Some(hour)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(FORM);
        };
        let stated = fields.next();
        let part = stated.map_or(Ok(1), |part| part.parse().map_err(|_| FORM))?;
        // One id has one spelling, of the hour as of the part.
        let well_spelt = stated.is_none_or(|stated| part != 1 && stated == part.to_string());
        let id = MessageId {
            cluster: cluster.to_owned(),
            event: event.to_owned(),
            hour: hour.parse()?,
            part,
        };
        let whole = !cluster.is_empty() && !event.is_empty() && fields.next().is_none() && well_spelt;
        if whole { Ok(id) } else { Err(FORM) }
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| digits_of(*byte));
    digits.map(char::from).collect()
}

/// The bytes of hexadecimal, in small letters or capitals; `None` where it is none.
pub fn unhex(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
    let (pairs, rest) = text.as_ref().as_chunks();
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<_>>().filter(|_| rest.is_empty())
}

fn digits_of(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [byte >> 4, byte & 15].map(|half| DIGITS[usize::from(half)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_id_reads_well_and_back() {
        let cluster: ClusterId = " 70b28f00-e38f-41b2-a723-aab344f535b9\n".parse().unwrap();
        let hour = Hour::of("2026-11-22T11:52:54Z".parse().unwrap());
        let id = MessageId::of_report(&cluster, "mesos_track", hour, 1);
        assert_eq!(
            id.to_string(),
            "70b28f00-e38f-41b2-a723-aab344f535b9:mesos_track:2026-11-22T11Z"
        );
        let part = MessageId::of_report(&cluster, "health", hour, 12);
        assert_eq!(
            part.to_string(),
            "70b28f00-e38f-41b2-a723-aab344f535b9:health:2026-11-22T11Z:12"
        );
        assert_eq!(part.to_string().parse::<MessageId>().unwrap(), part);
        assert!(id.is_of(&cluster) && !id.is_of(&"x".parse().unwrap()));
    }

    #[test]
    fn a_reporter_is_its_bits_and_its_digits() {
        let digits = "0123456789abcdef0123456789abcdef";
        let reporter: ReporterId = digits.parse().unwrap();
        assert_eq!(
            (reporter.as_str(), reporter.to_string().as_str()),
            (digits, digits)
        );
        assert_eq!(reporter.bytes()[..3], [0x01, 0x23, 0x45]);
        let other = ReporterId::of_secret(b"s");
        for id in [reporter, other] {
            assert_eq!(ReporterId::of_bytes(id.bytes()), id);
            assert_eq!(hex(&id.bytes()), id.as_str());
            assert_eq!(unhex(id.as_str()), Some(id.bytes().to_vec()));
        }
        assert_eq!(unhex("0aF9"), Some(vec![0x0a, 0xf9]));
        for text in ["0", "0g", "+1", "é"] {
            assert_eq!(unhex(text), None, "{text}");
        }
        for text in [
            "",
            "0123456789ABCDEF0123456789abcdef",
            "0123456789abcdef0123456789abcde",
            "ééééééééééééééééé",
        ] {
            assert!(text.parse::<ReporterId>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_that_are_not_ours_are_refused() {
        for text in [
            "",
            "a:b",
            "a:health:2026-11-22T11Z:1",
            "a:health:2026-11-22T11Z:02",
            "a:health:2026-11-22T11Z:+2",
            "a:health:2026-11-22t11Z",
            "a:health:2026-11-22T11z",
            "a:health:2026-11-22T24Z",
            "a:health:2026-02-29T11Z",
            "a:health:2026-11-22T+1Z",
            "a:health:+026-11-22T11Z",
            "a:health:-026-11-22T11Z",
            "a:health:2026-11-2T011Z",
            "a:health:9999-12-31T23Z",
            ":health:2026-11-22T11Z",
            "a:health:2026-11-22T24Z",
            "a:health:2026-11-22T11Z:2:3",
            "node-next-1-a",
        ] {
            assert!(text.parse::<MessageId>().is_err(), "{text}");
        }
        assert_eq!("".parse::<ClusterId>(), Err(InvalidId::Empty));
        assert_eq!("a b".parse::<ClusterId>(), Err(InvalidId::NotVisible));
    }

    proptest! {
        #[test]
        fn message_ids_fit_and_tell_clusters_apart(a in "[!-~]{1,128}", b in "[!-~]{1,128}", second in 0_i64..253_402_207_200, part in 1_u32..) {
            let (a, b): (ClusterId, ClusterId) = (a.parse().unwrap(), b.parse().unwrap());
            let hour = Hour::of(Timestamp::from_second(second).unwrap());
            let id = MessageId::of_report(&a, "package_list", hour, part);
            prop_assert!(id.to_string().len() <= 100);
            prop_assert!(id.to_string().parse::<MessageId>().is_ok_and(|back| back == id));
            prop_assert_eq!(id.is_of(&b), a == b);
        }
    }
}
