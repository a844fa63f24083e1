//! `export`: what is stored as NDJSON, one message in Segment's shape a line and behind it how it was sent, oldest first; to standard
//! output, or to a file that is there when all of it is. One batch is in memory at a time.

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
pub(super) enum End {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("can't write")]
    Write(#[from] io::Error),
}

/// Exports the messages that are asked for.
pub(crate) fn run(data: &Path, asked: &Export, out: &mut impl Write) -> anyhow::Result<()> {
    let reader = Reader::open(data)?;
    put(asked.output.as_deref(), "messages", out, |out, progress| {
        // Those of messages that are there already.
        let keys = reader.keys()?.into_iter().map(|key| {
            let origin = KeyOrigin::new(&key.kind, &key.name, key.fingerprint);
            (key.id, origin)
        });
        let keys: HashMap<KeyId, KeyOrigin> = keys.collect();
        let mut messages = 0;
        each_kept(&reader, progress, |kept| {
            if is_asked_for(kept, asked) {
                let origin = Origin {
                    key: kept.key().and_then(|key| keys.get(&key).cloned()),
                    counts: kept.counts(),
                };
                writeln!(out, "{}", origin.append_to(kept.message))?;
                messages += 1;
            }
            Ok(())
        })?;
        out.flush()?;
        Ok(messages)
    })
}

/// Has written to a file, and says how much it is; or to standard output, as long as anybody reads that.
pub(super) fn put(
    output: Option<&Path>,
    what: &str,
    mut out: &mut impl Write,
    write: impl FnOnce(&mut dyn Write, Option<&mut Progress>) -> Result<u64, End>,
) -> anyhow::Result<()> {
    let Some(path) = output else {
        return match write(&mut out, None) {
            // Whoever reads has seen enough.
            Err(End::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            ended => Ok(ended.map(|_| ())?),
        };
    };
    let mut progress = Progress::new("batches");
    let written = file::whole(path, |file| {
        let mut file = BufWriter::new(file);
        let count = write(&mut file, Some(&mut progress))?;
        file.flush()?;
        Ok::<_, End>(count)
    });
    progress.clear();
    let count = written.with_context(|| format!("can't export to {}", path.display()))?;
    Ok(writeln!(out, "{}: {count} {what}", path.display())?)
}

/// Goes through all messages that are stored by now, the oldest first.
pub(super) fn each_kept(
    reader: &Reader,
    mut progress: Option<&mut Progress>,
    mut take: impl FnMut(&Kept<'_>) -> Result<(), End>,
) -> Result<(), End> {
    let all = reader.last_batch()?;
    let mut batch = 0;
    // What comes meanwhile is for the next export.
    while batch < all {
        let next = reader.next_batch(batch, |line| Kept::of(line).map_or(Ok(()), |kept| take(&kept)))?;
        match next {
            Some(id) => batch = id,
            None => break,
        }
        if let Some(progress) = &mut progress {
            progress.show(batch.unsigned_abs(), Some(all.unsigned_abs()));
        }
    }
    Ok(())
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
