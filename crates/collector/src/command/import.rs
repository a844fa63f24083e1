//! `import`: takes bundles and messages that came by hand, beside a running server or without one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use heliograph_collector::clock::{Clock as _, SystemClock};
use heliograph_collector::config::Config;
use heliograph_collector::import::file::Source;
use heliograph_collector::import::origin::{KeyOrigin, Origin};
use heliograph_collector::import::route::{Route, RouteError};
use heliograph_collector::import::shipment::{Sent, Shipment};
use heliograph_collector::import::{Counts, Lines, NOBODY};
use heliograph_collector::key::{Key, KeyKind, UnknownKind};
use heliograph_collector::server::Sources;
use heliograph_collector::store::{OpenError, Reader, Store, StoreError};
use heliograph_wire::time::rfc3339;

use super::key;
use crate::progress::Progress;

/// Imports files; `key` is the number or the prefix of the key that they count as sent with.
pub(crate) fn run(
    config: &Config,
    files: &[PathBuf],
    key: Option<&str>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let reader = Reader::open(&config.data)?;
    let senders = Senders {
        otherwise: choose(&reader, key)?,
        all: key.is_some(),
        data: &config.data,
        known: RefCell::default(),
    };
    // All are looked at before any is taken.
    for file in files {
        Source::open(file).with_context(|| format!("{}: nothing was imported", file.display()))?;
    }
    let route = Route::open(config, Sources::default())?;
    let done = files
        .iter()
        .try_for_each(|file| one(&reader, &route, &senders, file, out));
    route.close();
    done
}

fn one(
    reader: &Reader,
    route: &Route,
    senders: &Senders<'_>,
    file: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let named = || file.display().to_string();
    let source = Source::open(file).with_context(named)?;
    if matches!(source, Source::Empty) {
        writeln!(out, "{}: 0 messages; nothing to do", file.display())?;
        return Ok(());
    }
    if let Source::Bundle(bundle) = &source
        && let Some(at) = reader.bundle_imported(&bundle.sha256)?
    {
        let at = rfc3339(at);
        writeln!(
            out,
            "{}: this bundle was imported before, at {at}; nothing to do",
            file.display()
        )?;
        return Ok(());
    }
    let mut counts = Counts::default();
    let mut progress = Progress::new("messages");
    let may_say = matches!(source, Source::Lines(_));
    let imported = source.each(|lines| -> Result<(), End> {
        let shipment = if may_say {
            senders.of(lines)?
        } else {
            Shipment::with(senders.otherwise, lines)
        };
        counts.add(route.write(&shipment)?);
        progress.show(counts.all(), None);
        Ok(())
    });
    progress.clear();
    let Counts {
        accepted,
        duplicate,
        suppressed,
        rejected,
    } = counts;
    let counts =
        format!("{accepted} accepted, {duplicate} duplicate, {suppressed} suppressed, {rejected} rejected");
    imported.with_context(|| {
        format!(
            "{}: not all was imported, only {counts}; import it again",
            file.display()
        )
    })?;
    writeln!(out, "{}: {counts}", file.display())?;
    Ok(())
}

/// Why importing ended early.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error("it can't be read")]
    Read(#[from] io::Error),
    #[error("can't open the database to add the keys that the file names")]
    Open(#[from] OpenError),
    #[error("can't add the keys that the file names")]
    Store(#[from] StoreError),
    #[error("a later release wrote it: {0}")]
    Kind(#[from] UnknownKind),
}

/// With which keys messages count as sent.
struct Senders<'a> {
    /// Where the file does not say it.
    otherwise: Key,
    /// Whether that holds whatever the file says.
    all: bool,
    data: &'a Path,
    /// Those that the file has named.
    known: RefCell<HashMap<KeyOrigin, Key>>,
}

impl Senders<'_> {
    /// Lines, as the collector that exported them got them.
    fn of(&self, lines: Lines) -> Result<Shipment, End> {
        if self.all {
            return Ok(Shipment::with(self.otherwise, lines));
        }
        let mut sent = Vec::with_capacity(lines.lines.len());
        for line in &lines.lines {
            let (key, beside) = match Origin::of_line(line) {
                None => (self.otherwise, false),
                Some(origin) => {
                    let key = origin.key.map_or(Ok(NOBODY), |key| self.adopt(key))?;
                    (key, !origin.counts)
                }
            };
            sent.push(Sent { key, beside });
        }
        Ok(Shipment {
            lines,
            sent,
            otherwise: self.otherwise,
        })
    }

    fn adopt(&self, origin: KeyOrigin) -> Result<Key, End> {
        let mut known = self.known.borrow_mut();
        if let Some(key) = known.get(&origin) {
            return Ok(*key);
        }
        let mut store = Store::open(self.data)?;
        let key = store.adopt_key(&origin, origin.kind()?, SystemClock.now())?;
        known.insert(origin, key);
        Ok(key)
    }
}

/// The key that is named; else the only one of a cluster, so that what also came over the network is recognised.
fn choose(reader: &Reader, named: Option<&str>) -> anyhow::Result<Key> {
    let mut keys = reader.keys()?;
    let found = match named {
        Some(named) => {
            keys.retain(|key| key.is_named(named));
            key::one(&keys, named)?
        }
        None => {
            keys.retain(|key| key.kind == KeyKind::Cluster.name() && !key.imported);
            match keys.as_slice() {
                [key] => key,
                _ => return Ok(NOBODY),
            }
        }
    };
    Ok(Key {
        id: found.id,
        kind: found.kind.parse()?,
    })
}
