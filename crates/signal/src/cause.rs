//! What is told of an error, at the edge: its causes, and what to do about it where that is known, on one line.

use std::error::Error;
use std::io;

/// An error with its causes, and what to do about it where that is known, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    let mut advised = "";
    while let Some(error) = cause {
        advised = error.downcast_ref().map_or(advised, advice);
        let more = error.to_string();
        // Some errors print their cause themselves.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text.push_str(advised);
    text
}

/// An error of the system, and what to do about it where that is known.
pub(crate) fn told(error: &io::Error) -> String {
    format!("{error}{}", advice(error))
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; run it as the account that owns this, or give this account access"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room there",
        _ => "",
    }
}
