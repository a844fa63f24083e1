//! The write keys that may be used, in memory. Beside a running server keys are added and revoked in the database: an unknown key
//! is looked for there at once, a revoked one is noticed within [`POLL`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use crate::key::{Key, KeyDigest, WriteKey};
use crate::quota::Limits;
use crate::store::{Reader, StoreError};

/// How often the database is asked whether the keys have changed.
pub const POLL: Duration = Duration::from_millis(250);

/// The keys.
pub struct Keys {
    usable: RwLock<HashMap<KeyDigest, (Key, Limits)>>,
    source: Mutex<Source>,
}

struct Source {
    reader: Reader,
    generation: i64,
}

impl Keys {
    /// Reads the keys.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn load(reader: Reader) -> Result<Keys, StoreError> {
        let keys = Keys {
            usable: RwLock::default(),
            source: Mutex::new(Source {
                reader,
                generation: -1,
            }),
        };
        keys.refresh()?;
        Ok(keys)
    }

    /// The key that a request states, if it may be used.
    ///
    /// # Errors
    /// When it is not known, and the database can't be read: it may have been added.
    pub fn find(&self, stated: &WriteKey) -> Result<Option<Key>, StoreError> {
        Ok(self.find_with_limits(stated)?.map(|(key, _)| key))
    }

    /// The same, with how much may be sent with it.
    ///
    /// # Errors
    /// As for [`Keys::find`].
    pub fn find_with_limits(&self, stated: &WriteKey) -> Result<Option<(Key, Limits)>, StoreError> {
        let digest = stated.digest();
        if let Some(known) = self.known(digest) {
            return Ok(Some(known));
        }
        self.refresh()?;
        Ok(self.known(digest))
    }

    /// Reads the keys again if they have changed.
    ///
    /// # Errors
    /// When the database can't be read; the keys stay as they are.
    pub fn refresh(&self) -> Result<(), StoreError> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = source.reader.key_generation()?;
        if generation != source.generation {
            let usable = source.reader.usable_keys()?;
            let usable = usable
                .into_iter()
                .map(|(digest, key, limits)| (digest, (key, limits)));
            let usable = usable.collect();
            *self.usable.write().unwrap_or_else(PoisonError::into_inner) = usable;
            source.generation = generation;
        }
        Ok(())
    }

    fn known(&self, digest: KeyDigest) -> Option<(Key, Limits)> {
        let usable = self.usable.read().unwrap_or_else(PoisonError::into_inner);
        usable.get(&digest).copied()
    }
}
