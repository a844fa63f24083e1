//! `messages`: what is stored, one JSON object a line, oldest first. One batch is in memory at a time.

use std::io::{self, Write};
use std::path::Path;

use heliograph_collector::ingest::record::Kept;
use heliograph_collector::store::{Reader, StoreError};

use crate::cli::Messages;

/// Why printing ended early.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("can't print")]
    Print(#[from] io::Error),
    #[error("enough is printed")]
    Enough,
}

/// Prints the messages that are asked for.
pub(crate) fn print(data: &Path, asked: &Messages, out: &mut impl Write) -> anyhow::Result<()> {
    let reader = Reader::open(data)?;
    let mut left = asked.limit.unwrap_or(u64::MAX);
    let mut batch = 0;
    let end = loop {
        let next = reader.next_batch(batch, |line| {
            if left == 0 {
                return Err(End::Enough);
            }
            if let Some(kept) = Kept::of(line).filter(|kept| wanted(kept, asked)) {
                writeln!(out, "{}", kept.message)?;
                left -= 1;
            }
            Ok(())
        });
        match next {
            Ok(Some(id)) => batch = id,
            Ok(None) => break Ok(()),
            Err(end) => break Err(end),
        }
    };
    match end.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => Ok(()),
        Err(End::Enough) => Ok(out.flush()?),
        // Whoever reads has seen enough.
        Err(End::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn wanted(kept: &Kept<'_>, asked: &Messages) -> bool {
    let event = asked
        .event
        .as_ref()
        .is_none_or(|event| kept.event().as_deref() == Some(event));
    event && (asked.all || kept.counts())
}
