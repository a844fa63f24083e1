//! What is written about users, sessions and look-ups, and about keys and tokens from the dashboard: one transaction each, in the
//! writer's turn.

use super::invitation::Invitation;
use super::look_up::LookUp;
use super::password::PasswordHash;
use super::session::SecretDigest;
use super::user::{Role, UserName};
use crate::key::{KeyKind, WriteKey};
use crate::token::{Scope, Token};

/// A user that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Name.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
    /// Of their password.
    pub password: PasswordHash,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Act {
    /// Let a link make the first user, in place of any earlier one; if there is no user.
    Invite(Invitation),
    /// Make the first user, by a link.
    AcceptInvitation(SecretDigest, NewUser),
    /// Add a user.
    AddUser(NewUser),
    /// Remove a user; of administrators, the last one only where that is said.
    RemoveUser(UserName, LastToo),
    /// Give a user another role; the last administrator only where that is said.
    SetRole(UserName, Role, LastToo),
    /// Give a user another password.
    SetPassword(UserName, PasswordHash),
    /// Begin a session.
    LogIn {
        /// Whose.
        user: UserName,
        /// What the password was compared with: it must be theirs still.
        checked: PasswordHash,
        /// The session.
        session: SecretDigest,
        /// One that ends by it.
        instead_of: Option<SecretDigest>,
    },
    /// End a session.
    LogOut(SecretDigest),
    /// Note that a session is used.
    Use(SecretDigest),
    /// Note a look-up.
    Note(LookUp),
    /// Add a write key.
    AddKey(WriteKey, KeyKind, String),
    /// Revoke a write key, by number.
    RevokeKey(i64),
    /// Add a token.
    AddToken(Token, Scope, String),
    /// Revoke a token, by number.
    RevokeToken(i64),
}

/// Whether the last administrator may go, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastToo {
    /// They may: whoever says so has the machine.
    Yes,
    /// They may not.
    No,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    /// It is done.
    Done,
    /// There is no such user, session, key, token or link, or not any more.
    Nobody,
    /// There is a user of that name.
    Taken,
    /// There would be no administrator left.
    LastAdmin,
    /// There are users already.
    NotFirst,
}
