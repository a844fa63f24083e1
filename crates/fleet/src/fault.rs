//! What can be wrong with a source, each thing with a name for the command line.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::flood::Flood;
use crate::mistype::Mistype;
use crate::source::Source;

/// Something that is wrong with one source. A request with the wrong path or method gets its 404 or 405 before
/// any fault but [`Fault::Refused`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// This status, with a short text as body.
    Status(u16),
    /// This status, with the good document as body.
    StatusWithBody(u16),
    /// 200 with an empty body.
    Empty,
    /// A syntax error in the document.
    BadJson(Place),
    /// 200 with a log-in page.
    Html,
    /// Valid JSON with a value of a wrong type.
    WrongTypes(Mistype),
    /// Content-Length says the whole document; half of it comes, then the end of the connection.
    Truncated,
    /// Half of the document in chunks, then the end of the connection without a last chunk.
    TruncatedChunked,
    /// A pause before the head.
    Slow(Duration),
    /// The head at once, then the document a byte at a time with a pause after each.
    Drip(Duration),
    /// The request is read and never answered.
    Hang,
    /// The head comes, the body never does.
    HangAfterHead,
    /// Nothing listens.
    Refused,
    /// The connection is reset once the request is read.
    Reset,
    /// The connection is reset after half of the document.
    ResetMidBody,
    /// 301, 302, 303, 307 or 308 to the document on another path, which takes any method.
    Redirect(u16),
    /// A redirect (307) to itself, whatever the path and method.
    RedirectLoop,
    /// A valid document of [`crate::flood::FLOOD_BYTES`], in chunks.
    Huge(Flood),
    /// A byte order mark before the document.
    Bom,
    /// Bytes that are not UTF-8 within strings. Diagnostics: the first unit's `Title` and its first node's
    /// `Host`, so nothing that is counted; Cosmos, frameworks: the first entry's name; metrics: one key more.
    InvalidUtf8,
    /// Half of a surrogate pair (`\ud800`) in the same places.
    LoneSurrogate,
    /// Something after the end of the document.
    TrailingBytes,
    /// `Content-Encoding: gzip` (asked for or not), and a stream which breaks off into nonsense.
    GzipBroken,
    /// A key twice in the object at the top, first with an empty value, then with the true one: who takes the
    /// last loses nothing. In diagnostics also `Health` of the first unit's first node, twice the same.
    DuplicateKeys,
    /// Diagnostics only: requests with `cache=0` in the query hang, others are answered.
    HangWithCache0,
}

/// Where in a document a syntax error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The very first byte.
    Start,
    /// A comma between two members, half way through.
    Middle,
}

/// The statuses of [`Fault::Redirect`].
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

impl Fault {
    /// Every fault, those with a number with a few telling ones: the rows of a matrix test.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::None];
        all.extend([204, 301, 400, 401, 403, 404, 429, 500, 503].map(Self::Status));
        all.extend([404, 500].map(Self::StatusWithBody));
        all.extend([
            Self::Empty,
            Self::BadJson(Place::Start),
            Self::BadJson(Place::Middle),
            Self::Html,
        ]);
        all.extend(Mistype::ALL.map(Self::WrongTypes));
        all.extend([
            Self::Truncated,
            Self::TruncatedChunked,
            Self::Slow(Duration::from_millis(50)),
            Self::Drip(Duration::from_millis(1)),
            Self::Hang,
            Self::HangAfterHead,
            Self::Refused,
            Self::Reset,
            Self::ResetMidBody,
        ]);
        all.extend(REDIRECTS.map(Self::Redirect));
        all.push(Self::RedirectLoop);
        all.extend(Flood::ALL.map(Self::Huge));
        all.extend([
            Self::Bom,
            Self::InvalidUtf8,
            Self::LoneSurrogate,
            Self::TrailingBytes,
            Self::GzipBroken,
            Self::DuplicateKeys,
            Self::HangWithCache0,
        ]);
        all
    }

    /// The faults of [`Fault::all`] that a source can have.
    #[must_use]
    pub fn all_for(source: Source) -> Vec<Self> {
        Self::all()
            .into_iter()
            .filter(|fault| fault.applies_to(source))
            .collect()
    }

    /// Whether a source can have this fault. A fault on a source that can't have it does nothing.
    #[must_use]
    pub fn applies_to(self, source: Source) -> bool {
        match self {
            Self::HangWithCache0 | Self::Huge(Flood::Units) => source == Source::Diagnostics,
            Self::WrongTypes(mistype) => mistype.source().is_none_or(|only| only == source),
            _ => true,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Status(code) => write!(f, "status:{code}"),
            Self::StatusWithBody(code) => write!(f, "status-with-body:{code}"),
            Self::Empty => f.write_str("empty"),
            Self::BadJson(Place::Start) => f.write_str("bad-json"),
            Self::BadJson(Place::Middle) => f.write_str("bad-json:middle"),
            Self::Html => f.write_str("html"),
            Self::WrongTypes(mistype) => write!(f, "wrong-types:{}", mistype.name()),
            Self::Truncated => f.write_str("truncated"),
            Self::TruncatedChunked => f.write_str("truncated-chunked"),
            Self::Slow(pause) => write!(f, "slow:{}ms", pause.as_millis()),
            Self::Drip(pause) => write!(f, "drip:{}ms", pause.as_millis()),
            Self::Hang => f.write_str("hang"),
            Self::HangAfterHead => f.write_str("hang-after-head"),
            Self::Refused => f.write_str("refused"),
            Self::Reset => f.write_str("reset"),
            Self::ResetMidBody => f.write_str("reset-mid-body"),
            Self::Redirect(code) => write!(f, "redirect:{code}"),
            Self::RedirectLoop => f.write_str("redirect-loop"),
            Self::Huge(flood) => write!(f, "huge:{}", flood.name()),
            Self::Bom => f.write_str("bom"),
            Self::InvalidUtf8 => f.write_str("invalid-utf8"),
            Self::LoneSurrogate => f.write_str("lone-surrogate"),
            Self::TrailingBytes => f.write_str("trailing-bytes"),
            Self::GzipBroken => f.write_str("gzip-broken"),
            Self::DuplicateKeys => f.write_str("duplicate-keys"),
            Self::HangWithCache0 => f.write_str("hang-with-cache0"),
        }
    }
}

/// A text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    text: String,
    hint: String,
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no fault is called `{}`: {}", self.text, self.hint)
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = |hint: String| UnknownFault {
            text: text.to_owned(),
            hint,
        };
        if let Some(fault) = Self::all().into_iter().find(|fault| fault.to_string() == text) {
            return Ok(fault);
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let status = || match value.parse() {
            Ok(code @ 200..=599) => Ok(code),
            _ => Err(unknown(format!(
                "{name} takes a status from 200 to 599, as in {name}:503"
            ))),
        };
        match name {
            "status" => status().map(Self::Status),
            "status-with-body" => status().map(Self::StatusWithBody),
            "slow" | "drip" => {
                let pause = pause(value)
                    .ok_or_else(|| unknown(format!("{name} takes a time, as in {name}:200ms")))?;
                Ok(if name == "slow" {
                    Self::Slow(pause)
                } else {
                    Self::Drip(pause)
                })
            }
            _ => Err(unknown(format!("use one of {}", names()))),
        }
    }
}

/// Reads `200ms`, `2s` or a bare number of milliseconds.
fn pause(text: &str) -> Option<Duration> {
    if let Some(number) = text.strip_suffix("ms") {
        return number.parse().ok().map(Duration::from_millis);
    }
    match text.strip_suffix('s') {
        Some(number) => number.parse().ok().map(Duration::from_secs),
        None => text.parse().ok().map(Duration::from_millis),
    }
}

/// All names, those with a free number once.
fn names() -> String {
    let mut names: Vec<String> = Vec::new();
    for fault in Fault::all() {
        let name = match fault {
            Fault::Status(_) => "status:CODE".to_owned(),
            Fault::StatusWithBody(_) => "status-with-body:CODE".to_owned(),
            Fault::Slow(_) => "slow:TIME".to_owned(),
            Fault::Drip(_) => "drip:TIME".to_owned(),
            named => named.to_string(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for fault in Fault::all() {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert_eq!("status:418".parse(), Ok(Fault::Status(418)));
        assert_eq!("slow:2s".parse(), Ok(Fault::Slow(Duration::from_secs(2))));
        assert_eq!("drip:30".parse(), Ok(Fault::Drip(Duration::from_millis(30))));
    }

    #[test]
    fn a_wrong_name_says_what_to_write() {
        let told = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
        assert!(told("hangs").contains("hang-after-head"), "{}", told("hangs"));
        assert!(told("status:99").contains("from 200 to 599"));
        assert!(told("slow:soon").contains("slow:200ms"));
        assert!(told("redirect:309").contains("redirect:308"));
    }

    #[test]
    fn a_source_has_its_own_faults_only() {
        assert!(Fault::all_for(Source::Metrics).contains(&Fault::WrongTypes(Mistype::MetricNull)));
        assert!(!Fault::all_for(Source::Cosmos).contains(&Fault::HangWithCache0));
        assert!(!Fault::all_for(Source::Cosmos).contains(&Fault::WrongTypes(Mistype::UnitNull)));
    }
}
