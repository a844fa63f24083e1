//! `bundle write FILE`: moves what waits into one readable file, for clusters without a way out. `heliograph-collector import`
//! takes it; twice is the same as once.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use heliograph_wire::sealed;
use heliograph_wire::time::rfc3339;
use serde_json::{Map, Value};

use super::Error;
use crate::cluster_id;
use crate::cycle::{self, Cycle};
use crate::ledger::Ledger;
use crate::ledger::record::Entry;
use crate::spool::Spool;

/// The word that a bundle begins with.
pub const SEALED: &str = "bundle";

/// Writes the bundle. What is in it waits no longer once it is safely written.
///
/// # Errors
/// The file is there already, or the disk does not let it be written.
pub fn write(cycle: &Cycle<'_>, file: &Path, out: &mut dyn Write) -> Result<(), Error> {
    if !cycle.pass_gate()? {
        return Ok(());
    }
    let state = cycle.state()?;
    let cluster = cluster_id::find(cycle.config)?;
    let Some(_lock) = cycle.try_lock(&state)? else {
        return Err(Error::Asked(
            "another process is delivering; try again when it has ended".to_owned(),
        ));
    };
    let spool = Spool::open(&state, cycle.config.spool)?;
    let (mut lines, mut taken) = (Vec::new(), Vec::new());
    for entry in spool.list()? {
        if let Some(parcel) = spool.read(&entry)? {
            lines.extend(
                parcel
                    .messages
                    .iter()
                    .filter_map(|message| cycle.config.selection.narrow(message)),
            );
            taken.push(entry);
        }
    }
    if lines.is_empty() {
        writeln!(out, "Nothing waits, so no file was written.")?;
        return Ok(());
    }
    let head = Map::from_iter([
        ("cluster".to_owned(), Value::from(cluster.as_str())),
        ("reporter".to_owned(), Value::from(state.reporter()?.as_str())),
        ("written".to_owned(), Value::from(rfc3339(cycle.clock.now()))),
    ]);
    let text = sealed::seal(SEALED, head, &lines);
    write_new(file, text.as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Asked(format!(
            "{} exists already; name a file that does not",
            file.display()
        )),
        _ => Error::Cycle(cycle::Error::Write {
            path: file.to_owned(),
            source: error,
        }),
    })?;
    let sha256 = sealed::open(SEALED, text.as_bytes())
        .map(|bundle| bundle.sha256)
        .unwrap_or_default();
    Ledger::open(&state)?.append(
        Entry::Bundled {
            sha256,
            messages: lines.len(),
        },
        cycle.clock.wall(),
    )?;
    for entry in &taken {
        spool.remove(entry)?;
    }
    writeln!(
        out,
        "{} messages of {} parcels are in {}.",
        lines.len(),
        taken.len(),
        file.display()
    )?;
    writeln!(
        out,
        "Where the collector is: heliograph-collector import {}",
        file.display()
    )?;
    Ok(())
}

/// Writes a file that must not be there yet, whole and synced.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut aside = tempfile::NamedTempFile::new_in(folder)?;
    aside.write_all(content)?;
    aside
        .as_file()
        .set_permissions(fs::Permissions::from_mode(0o640))?;
    aside.as_file().sync_all()?;
    aside.persist_noclobber(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}
