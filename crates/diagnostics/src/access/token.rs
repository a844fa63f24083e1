//! Tokens that nodes share.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Shortest token, in bytes: one that nobody guesses.
const MIN_TOKEN: usize = 32;
/// Longest file of tokens, in bytes.
const MAX_FILE: u64 = 64 << 10;
/// The name of a token that has none.
const UNNAMED: &str = "token";

/// A secret by which its owner is known. It is not shown anywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub name: String,
    secret: String,
}

/// The file of tokens can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It can't be read.
    #[error("can't read the tokens in {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// Others can read it, too.
    #[error("{}: other users of this machine can read it; `chmod o-rwx` it", .0.display())]
    Open(PathBuf),
    /// A line is not understood.
    #[error(
        "{}: line {line} should be `TOKEN` or `NAME TOKEN`, of at least {MIN_TOKEN} letters, digits or -._~+/=",
        file.display()
    )]
    Line {
        /// The file.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// There is none.
    #[error("{}: there is no token in it", .0.display())]
    None(PathBuf),
}

impl Token {
    /// The secret, to compare or to send.
    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Reads a file of tokens, one a line: `TOKEN`, or `NAME TOKEN`. Lines that begin with `#` say nothing.
///
/// # Errors
/// When it can't be read, is open to others, or has a line that is not understood.
pub fn tokens(file: &Path) -> Result<Vec<Token>, TokenError> {
    let unreadable = |error| TokenError::Unreadable(file.to_owned(), error);
    let about = fs::metadata(file).map_err(unreadable)?;
    if about.permissions().mode() & 0o007 != 0 {
        return Err(TokenError::Open(file.to_owned()));
    }
    if about.len() > MAX_FILE {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    let text = fs::read_to_string(file).map_err(unreadable)?;
    let bad_line = |line| TokenError::Line {
        file: file.to_owned(),
        line: line + 1,
    };
    let mut tokens = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (name, secret) = match words[..] {
            [] => continue,
            [word, ..] if word.starts_with('#') => continue,
            [secret] => (UNNAMED, secret),
            [name, secret] => (name, secret),
            _ => return Err(bad_line(line)),
        };
        // What RFC 6750 allows in a header.
        let sendable = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if secret.len() < MIN_TOKEN || !secret.bytes().all(sendable) {
            return Err(bad_line(line));
        }
        tokens.push(Token {
            name: name.to_owned(),
            secret: secret.to_owned(),
        });
    }
    match tokens.is_empty() {
        true => Err(TokenError::None(file.to_owned())),
        false => Ok(tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mode: u32) -> Result<Vec<Token>, TokenError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tokens");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        tokens(&file)
    }

    #[test]
    fn a_file_names_whose_token_is_whose() {
        let secret = "0123456789abcdef0123456789abcdef";
        let found = read(
            &format!("# for the masters\nmaster {secret}\n\n{secret}2\n"),
            0o640,
        )
        .unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].name.as_str(), found[0].secret()),
            ("master", secret.as_bytes())
        );
        assert_eq!(found[1].name, "token");
        assert!(!format!("{found:?}").contains(secret));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_without_its_secrets() {
        let secret = "0123456789abcdef0123456789abcdef";
        for (text, mode, expected) in [
            (
                secret.to_owned(),
                0o644,
                "other users of this machine can read it",
            ),
            ("short".to_owned(), 0o600, "line 1 should be"),
            (format!("\na b {secret}"), 0o600, "line 2 should be"),
            (format!("{secret}\u{e4}"), 0o600, "line 1 should be"),
            ("# nothing\n".to_owned(), 0o600, "there is no token in it"),
        ] {
            let error = read(&text, mode).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("0123456789"), "{error}");
        }
        assert!(matches!(
            tokens(Path::new("/nowhere")),
            Err(TokenError::Unreadable(..))
        ));
    }
}
