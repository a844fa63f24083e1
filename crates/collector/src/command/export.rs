//! `export`: what is stored as NDJSON, one message in Segment's shape a line and behind it how it was sent, oldest first; to standard output, or to a file that
//! is there when all of it is. One batch is in memory at a time.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use heliograph_collector::import::origin::{KeyOrigin, Origin};
use heliograph_collector::ingest::record::Kept;
use heliograph_collector::key::KeyId;
use heliograph_collector::store::{Reader, StoreError};
use jiff::Timestamp;

use super::file;
use crate::cli::Export;
use crate::progress::Progress;

/// Why it ended early.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("can't write")]
    Write(#[from] io::Error),
}

/// Exports the messages that are asked for.
pub(crate) fn run(data: &Path, asked: &Export, out: &mut impl Write) -> anyhow::Result<()> {
    let reader = Reader::open(data)?;
    let Some(path) = &asked.output else {
        return match write(&reader, asked, out) {
            // Whoever reads has seen enough.
            Err(End::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            ended => Ok(ended.map(|_| ())?),
        };
    };
    let exported = file::whole(path, |file| {
        let mut file = BufWriter::new(file);
        let messages = write(&reader, asked, &mut file)?;
        Ok::<_, End>(messages)
    });
    let messages = exported.with_context(|| format!("can't export to {}", path.display()))?;
    writeln!(out, "{}: {messages} messages", path.display())?;
    Ok(())
}

fn write(reader: &Reader, asked: &Export, out: &mut impl Write) -> Result<u64, End> {
    let all = reader.last_batch()?;
    // Those of messages that are there already.
    let keys = reader.keys()?.into_iter().map(|key| {
        let origin = KeyOrigin::new(&key.kind, &key.name, key.fingerprint);
        (key.id, origin)
    });
    let keys: HashMap<KeyId, KeyOrigin> = keys.collect();
    let mut progress = Progress::new("batches");
    let (mut batch, mut messages) = (0, 0);
    // What comes meanwhile is for the next export.
    while batch < all {
        let next = reader.next_batch(batch, |line| {
            if let Some(kept) = Kept::of(line).filter(|kept| is_asked_for(kept, asked)) {
                let origin = Origin {
                    key: kept.key().and_then(|key| keys.get(&key).cloned()),
                    counts: kept.counts(),
                };
                writeln!(out, "{}", origin.append_to(kept.message))?;
                messages += 1;
            }
            Ok::<_, End>(())
        })?;
        match next {
            Some(id) => batch = id,
            None => break,
        }
        if asked.output.is_some() {
            progress.show(batch.unsigned_abs(), Some(all.unsigned_abs()));
        }
    }
    if asked.output.is_some() {
        progress.clear();
    }
    out.flush()?;
    Ok(messages)
}

fn is_asked_for(kept: &Kept<'_>, asked: &Export) -> bool {
    let event = |event: &String| kept.event().as_deref() == Some(event);
    let within = |timestamp: Timestamp| {
        asked.from.is_none_or(|from| timestamp >= from) && asked.to.is_none_or(|to| timestamp < to)
    };
    let any_time = asked.from.is_none() && asked.to.is_none();
    asked.event.as_ref().is_none_or(event)
        && (any_time || kept.timestamp().is_some_and(within))
        && (asked.all || kept.counts())
}
