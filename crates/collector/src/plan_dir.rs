//! The vendor's own events: a directory of files that say which events it sends beside those of clusters, what they may carry, and of
//! which properties it is to be counted what they say.
//!
//! Read once, at the start, and checked in whole: what can't be meant is an error that says where it stands and what to do. What the
//! telemetry plan owns (its events, and the properties that it has in common for all) can't be declared again.

mod check;
mod file;

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use heliograph_wire::plan::Plan;

use self::check::Check;
use self::file::Declaration;
use crate::config::Config;
use crate::ingest::planned::{Declared, Planned};

/// Where the files lie in the data directory, if no other place is configured.
pub const NAME: &str = "plan.d";
/// What their names end in.
const EXTENSION: &str = "toml";
/// Most files.
pub const MAX_FILES: usize = 100;
/// Largest file, in bytes.
pub const MAX_FILE: u64 = 1 << 20;

/// Files that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanDirError {
    /// The directory or a file can't be read.
    #[error("can't read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// Not the form of such files.
    #[error("{} is not understood: {}", .0.display(), .1.to_string().trim_end())]
    Form(PathBuf, Box<toml::de::Error>),
    /// Something in a file can't be meant.
    #[error("{}, line {line}: {fault}", .file.display())]
    Fault {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What, and what to do.
        fault: String,
    },
    /// Too much.
    #[error("{}: {fault}", .place.display())]
    TooMuch {
        /// File or directory.
        place: PathBuf,
        /// What, and what to do.
        fault: String,
    },
}

/// The telemetry plan with what the vendor declares, as configured.
///
/// # Errors
/// When a file can't be used.
pub fn planned(config: &Config) -> Result<Planned<'static>, PlanDirError> {
    let plan = Plan::built_in();
    let declared = match &config.plan_dir {
        Some(dir) => load(dir, plan)?,
        None => match config.data.join(NAME) {
            dir if fs::symlink_metadata(&dir).is_ok() => load(&dir, plan)?,
            _ => Vec::new(),
        },
    };
    Ok(Planned::of(plan, config.unplanned).with(plan, declared))
}

/// The events that are declared in a directory: in its files of this extension, but for hidden ones, by name.
///
/// # Errors
/// When one can't be used.
pub fn load(dir: &Path, plan: &Plan) -> Result<Vec<Declared>, PlanDirError> {
    let mut check = Check::new(plan);
    for file in files(dir)? {
        let text = read(&file)?;
        let declaration: Declaration =
            toml::from_str(&text).map_err(|error| PlanDirError::Form(file.clone(), Box::new(error)))?;
        check.take(&file, &text, declaration)?;
    }
    Ok(check.done())
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, PlanDirError> {
    let unreadable = |error| PlanDirError::Unreadable(dir.to_owned(), error);
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|extension| extension == EXTENSION) && !is_hidden {
            files.push(path);
        }
    }
    if files.len() > MAX_FILES {
        return Err(PlanDirError::TooMuch {
            place: dir.to_owned(),
            fault: format!("{} files, of {MAX_FILES} at most: join some", files.len()),
        });
    }
    files.sort_unstable();
    Ok(files)
}

fn read(file: &Path) -> Result<String, PlanDirError> {
    let unreadable = |error| PlanDirError::Unreadable(file.to_owned(), error);
    let mut text = String::new();
    let opened = fs::File::open(file).map_err(unreadable)?;
    opened
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE {
        return Err(PlanDirError::TooMuch {
            place: file.to_owned(),
            fault: format!("larger than {MAX_FILE} bytes: split it"),
        });
    }
    Ok(text)
}
