//! What is fuzzed, and what must hold for any bytes. `cargo xtask fuzz` runs the targets where a nightly compiler is
//! installed; the tests run them over the committed corpus on any machine.

mod ingest;

use std::fmt::{Debug, Display};
use std::io::Read;
use std::sync::LazyLock;

use heliograph_collector::delta::{Basis, Share, Sums};
use heliograph_signal::config;
use heliograph_signal::environment::Environment;
use heliograph_signal::ledger::verify::verify;
use heliograph_signal::tally::{self, Tally};
use heliograph_wire::catalogue::{Catalogue, Names};
use heliograph_wire::json::Reader;
use heliograph_wire::parcel::Parcel;
use heliograph_wire::segment::MAX_BATCH;
use heliograph_wire::{cosmos, mesos as mesos_answer};

pub use ingest::{decoder, moment, pixel};

/// Hands out a document in small, uneven pieces.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.1 = self.1 % 7 + 1;
        let n = self.1.min(out.len()).min(self.0.len());
        let (now, later) = self.0.split_at(n);
        out[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

/// The readers of the health report and of its summary, and the tally: no panic, the same result however the bytes arrive,
/// `unhealthy` at most `total`, and what is taken for a whole document is one.
pub fn health(data: &[u8]) {
    static CATALOGUES: LazyLock<[Catalogue; 2]> = LazyLock::new(|| {
        [Names::Catalogue, Names::All].map(|names| Catalogue::new(names, vec!["acme-*".to_owned()]))
    });
    for catalogue in &*CATALOGUES {
        same(
            tally::read(data, catalogue),
            tally::read(Dribble(data, 0), catalogue),
        );
        same(
            tally::read_summary(data, catalogue),
            tally::read_summary(Dribble(data, 0), catalogue),
        );
    }
    let skipped = Reader::new(data, u64::MAX).and_then(|mut reader| reader.skip());
    let theirs = serde_json::Deserializer::from_slice(data)
        .into_iter::<serde_json::Value>()
        .next();
    if let (Err(ours), Some(Ok(_))) = (skipped, theirs) {
        // Ours is bounded in depth, and wants a number to be followed by something that ends it.
        let text = ours.to_string();
        assert!(
            text.contains("nested deeper") || text.contains("the end of a number"),
            "refused what is JSON: {text}"
        );
    }
}

/// That it makes no difference in how many pieces a document comes, and that what is read of it can be.
fn same<E: Debug + Display>(whole: Result<Tally, E>, dribbled: Result<Tally, E>) {
    match (whole, dribbled) {
        (Ok(whole), Ok(dribbled)) => {
            assert_eq!(whole, dribbled);
            assert!(
                whole
                    .units
                    .values()
                    .all(|counts| counts.unhealthy <= counts.total)
            );
            assert!(whole.units.len() <= tally::MAX_UNITS + 1);
        }
        (Err(whole), Err(dribbled)) => assert_eq!(whole.to_string(), dribbled.to_string()),
        (whole, dribbled) => panic!("{whole:?} in one piece, {dribbled:?} in many"),
    }
}

/// The readers of Mesos' and Cosmos' answers: no panic, numbers that can be, names that are not empty.
pub fn mesos(data: &[u8]) {
    if let Ok(answer) = mesos_answer::read(data) {
        assert!(
            answer
                .metrics
                .values()
                .all(|number| number.is_finite() && *number >= 0.0)
        );
        assert!(
            answer
                .frameworks
                .iter()
                .flatten()
                .all(|name| !name.trim().is_empty())
        );
    }
    if let Ok(answer) = cosmos::read(Dribble(data, 0)) {
        assert!(answer.packages.len() <= mesos_answer::MAX_NAMES);
    }
}

/// The configuration reader: no panic, in any of its forms; an error says which file.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let environment = Environment::default();
    for name in ["f.json", "f.toml", "f"] {
        match config::from_texts(&[(name.into(), text.to_owned())], &environment, Vec::new()) {
            Ok((config, _)) => {
                assert!(!config.source_timeout.is_zero() && !config.delivery_timeout.is_zero())
            }
            Err(error) => assert!(error.to_string().starts_with(name), "{error}"),
        }
    }
    let variables = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let _ = config::from_texts(&[], &variables.collect(), Vec::new());
}

/// The readers of what is kept on disk, the spool's parcels and the ledger's lines: no panic; what opens as a parcel is written
/// again as one, and then always the same.
pub fn disk(data: &[u8]) {
    if let Ok(parcel) = Parcel::decode(data) {
        // Times are kept to the millisecond; what is written once stays as it is.
        let written = parcel.encode();
        assert_eq!(
            Parcel::decode(written.as_bytes()).map(|parcel| parcel.encode()),
            Ok(written)
        );
        assert!(parcel.size() <= MAX_BATCH + parcel.messages.len());
    }
    let text = String::from_utf8_lossy(data);
    let lines = text
        .lines()
        .map(|line| Ok::<_, std::convert::Infallible>(line.to_owned()));
    let Ok(found) = verify(lines, |_| Ok(Some(data.to_vec())), None, None);
    assert!(found.sends <= found.lines && found.receipted <= found.sends);
}

/// What messages add up to: bytes of a day, and the share of a message that is read back. Sums are a commutative group, and read back
/// as they were written.
pub fn deltas(data: &[u8]) {
    let (left, right) = data.split_at(data.len() / 2);
    for bytes in [data, left, right] {
        let Ok(sums) = Sums::decode(bytes) else { continue };
        assert_eq!(Sums::decode(&sums.encode()).as_ref(), Ok(&sums));
        assert!(sums.plus(&sums.clone().negated()).is_empty());
    }
    if let (Ok(a), Ok(b)) = (Sums::decode(left), Sums::decode(right)) {
        assert_eq!(a.plus(&b), b.plus(&a));
        assert_eq!(a.plus(&b).plus(&a.negated()), b);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let of_vendor = Basis {
        declared: true,
        breakdown: ["clusterId", "x", "action"].map(str::to_owned).into(),
        ..Basis::default()
    };
    for (of_cluster, basis) in [
        (true, &Basis::default()),
        (false, &Basis::default()),
        (true, &of_vendor),
        (false, &of_vendor),
    ] {
        let Some(share) = Share::of_kept(text, of_cluster, basis) else {
            continue;
        };
        let mut names: Vec<String> = Vec::new();
        let sums: Result<Sums, std::convert::Infallible> = share.delta.sums(1, |name| {
            assert!(name.len() <= heliograph_collector::delta::VALUE_NAME_BYTES);
            let known = names.iter().position(|known| known == name);
            let at = known.unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            Ok(at as u64)
        });
        let Ok(sums) = sums;
        assert_eq!(Sums::decode(&sums.encode()).as_ref(), Ok(&sums));
        assert!(sums.plus(&sums.clone().negated()).is_empty());
    }
}
