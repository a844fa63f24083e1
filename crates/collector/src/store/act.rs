//! What is done about users, sessions, look-ups, keys and tokens: each by itself, within a commit.

use jiff::Timestamp;
use rusqlite::Connection;

use super::error::StoreError;
use super::{Commit, Store, key, look_up, session, token, user};
use crate::access::act::{Act, Acted};
use crate::ingest::subject::SubjectKey;
use crate::quota::Limits;

impl Commit<'_> {
    /// Does something about users, sessions, look-ups, keys or tokens.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn act(&mut self, subjects: &SubjectKey, act: &Act, now: Timestamp) -> Result<Acted, StoreError> {
        match act {
            Act::Note(noted) => look_up::note(&self.transaction, subjects, noted, now).map(|()| Acted::Done),
            act => about_users(&self.transaction, act, now),
        }
    }
}

impl Store {
    /// Does something about users or sessions.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn act(&mut self, act: &Act, now: Timestamp) -> Result<Acted, StoreError> {
        let commit = self.begin()?;
        let acted = about_users(&commit.transaction, act, now)?;
        commit.finish()?;
        Ok(acted)
    }
}

fn about_users(connection: &Connection, act: &Act, now: Timestamp) -> Result<Acted, StoreError> {
    let found = |any| if any { Acted::Done } else { Acted::Nobody };
    match act {
        Act::Invite(invitation) => user::invite(connection, invitation),
        Act::AcceptInvitation(digest, new) => user::accept(connection, *digest, new, now),
        Act::AddUser(new) => user::add(connection, new, now),
        Act::RemoveUser(name, last_too) => user::remove(connection, name, *last_too),
        Act::SetRole(name, role, last_too) => user::set_role(connection, name, *role, *last_too, now),
        Act::SetPassword(name, password) => user::set_password(connection, name, password, now),
        Act::LogIn {
            user,
            checked,
            session,
            instead_of,
        } => {
            if let Some(earlier) = instead_of {
                session::end(connection, *earlier)?;
            }
            session::begin(connection, user, checked, *session, now)
        }
        Act::LogOut(session) => session::end(connection, *session),
        Act::Use(session) => session::note(connection, *session, now),
        // Only where there is a key to hash with.
        Act::Note(_) => Ok(Acted::Nobody),
        Act::AddKey(key, kind, name) => {
            key::insert(connection, key, *kind, name, Limits::default(), now).map(|_| Acted::Done)
        }
        Act::RevokeKey(id) => key::revoke_one(connection, *id, now).map(found),
        Act::AddToken(new, scope, name) => {
            token::add(connection, new, *scope, name, now).map(|()| Acted::Done)
        }
        Act::RevokeToken(id) => token::revoke_one(connection, *id, now).map(found),
    }
}
