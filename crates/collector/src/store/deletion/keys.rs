//! What may be sent with the keys that records name.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use crate::forget::reach::Sender;
use crate::ingest::record::Kept;
use crate::key::{KeyId, KeyKind};
use crate::store::error::{Doing as _, StoreError};

/// Kinds of keys, as far as they were looked up. A key's kind never changes.
#[derive(Debug, Default)]
pub(in crate::store) struct Keys(HashMap<KeyId, Option<KeyKind>>);

impl Keys {
    /// Who sent a message that is kept.
    pub(super) fn sender(&mut self, connection: &Connection, kept: &Kept<'_>) -> Result<Sender, StoreError> {
        Ok(Sender::of_kept(kept, self.kind(connection, kept.key())?))
    }

    /// Whether the events of clusters may be sent with a key.
    pub(in crate::store) fn speaks_for_clusters(
        &mut self,
        connection: &Connection,
        key: Option<KeyId>,
    ) -> Result<bool, StoreError> {
        let kind = self.kind(connection, key)?;
        Ok(kind.is_some_and(KeyKind::speaks_for_clusters))
    }

    fn kind(&mut self, connection: &Connection, key: Option<KeyId>) -> Result<Option<KeyKind>, StoreError> {
        let Some(key) = key else { return Ok(None) };
        if let Some(kind) = self.0.get(&key) {
            return Ok(*kind);
        }
        let stated: Option<String> = connection
            .prepare_cached("SELECT kind FROM key WHERE id = ?")
            .and_then(|mut statement| statement.query_row([key.0], |row| row.get(0)).optional())
            .doing("look up a key's kind")?;
        let kind = match stated {
            Some(kind) => kind.parse().ok(),
            // An import without a key may say everything that a cluster says.
            None => (key == crate::import::NOBODY.id).then_some(crate::import::NOBODY.kind),
        };
        self.0.insert(key, kind);
        Ok(kind)
    }
}
