//! The database's tables, built up by numbered migrations; each is applied once, in its own transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{Doing, StoreError};

/// Every migration, oldest first. One that was released is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("migration/0001.sql"),
    include_str!("migration/0002.sql"),
    include_str!("migration/0003.sql"),
    include_str!("migration/0004.sql"),
    include_str!("migration/0005.sql"),
    include_str!("migration/0006.sql"),
    include_str!("migration/0007.sql"),
    include_str!("migration/0008.sql"),
    include_str!("migration/0009.sql"),
    include_str!("migration/0010.sql"),
    include_str!("migration/0011.sql"),
    include_str!("migration/0012.sql"),
    include_str!("migration/0013.sql"),
    include_str!("migration/0014.sql"),
    include_str!("migration/0015.sql"),
    include_str!("migration/0016.sql"),
    include_str!("migration/0017.sql"),
    include_str!("migration/0018.sql"),
    include_str!("migration/0019.sql"),
    include_str!("migration/0020.sql"),
    include_str!("migration/0021.sql"),
];
/// Marks the file as ours (`PRAGMA application_id`): "HgCo".
const APPLICATION: i64 = 0x4867_436f;

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A later release wrote it.
    #[error("the database has schema {found}, this release knows {known}: use a newer release")]
    Newer {
        /// Its schema.
        found: i64,
        /// Ours.
        known: usize,
    },
    /// Another program's.
    #[error("the database is not the collector's")]
    Foreign,
    /// Nobody has set it up yet, or only an earlier release has.
    #[error("the database has not been set up by this release: start `serve` once")]
    Absent,
    /// It can't be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings the schema up to date.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    // Whoever is writing for long is not waited for where there is nothing to do.
    if check(connection).is_ok() {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing("begin to set up the database")?;
    let (application, version) = stamps(&transaction)?;
    if version == 0 && application == 0 {
        let tables: i64 = transaction
            .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
            .doing("read the schema")?;
        if tables > 0 {
            return Err(SchemaError::Foreign);
        }
    } else if application != APPLICATION {
        return Err(SchemaError::Foreign);
    }
    let known = MIGRATIONS.len();
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(pending) = MIGRATIONS.get(done..) else {
        return Err(SchemaError::Newer {
            found: version,
            known,
        });
    };
    if pending.is_empty() {
        return Ok(());
    }
    for migration in pending {
        transaction
            .execute_batch(migration)
            .doing("set up the database")?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION)
        .and_then(|()| {
            transaction.pragma_update(None, "user_version", i64::try_from(known).unwrap_or(i64::MAX))
        })
        .and_then(|()| transaction.commit())
        .doing("set up the database")?;
    Ok(())
}

/// Checks that the schema is this release's.
pub(super) fn check(connection: &Connection) -> Result<(), SchemaError> {
    let (application, version) = stamps(connection)?;
    let known = MIGRATIONS.len();
    match (application, usize::try_from(version)) {
        (APPLICATION, Ok(version)) if version == known => Ok(()),
        (APPLICATION, Ok(older)) if older < known => Err(SchemaError::Absent),
        (APPLICATION, _) => Err(SchemaError::Newer {
            found: version,
            known,
        }),
        (0, Ok(0)) => Err(SchemaError::Absent),
        _ => Err(SchemaError::Foreign),
    }
}

fn stamps(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    read("application_id")
        .and_then(|application| Ok((application, read("user_version")?)))
        .doing("read the database's version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_up_once_and_refuses_what_is_not_its_own() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(matches!(check(&connection), Err(SchemaError::Absent)));
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        check(&connection).unwrap();

        connection.pragma_update(None, "user_version", 77).unwrap();
        for error in [migrate(&mut connection), check(&connection)] {
            let error = error.unwrap_err();
            assert!(matches!(error, SchemaError::Newer { found: 77, .. }));
            assert!(error.to_string().contains("use a newer release"), "{error}");
        }

        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE x (y)").unwrap();
        assert!(matches!(migrate(&mut foreign), Err(SchemaError::Foreign)));
    }

    #[test]
    fn what_is_up_to_date_waits_for_nobody_who_writes() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Connection::open(dir.path().join("db")).unwrap();
        let (mut one, mut another) = (open(), open());
        migrate(&mut one).unwrap();
        let writing = one
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        writing.execute("DELETE FROM gauge", ()).unwrap();
        migrate(&mut another).unwrap();
    }

    /// What reporters asked for before it was limited to what speaks for clusters is limited, too; orders are not.
    #[test]
    fn what_was_asked_for_before_is_told_from_what_was_ordered() {
        let connection = Connection::open_in_memory().unwrap();
        for migration in &MIGRATIONS[..11] {
            connection.execute_batch(migration).unwrap();
        }
        let key = crate::ingest::subject::SubjectKey::of(b"k");
        let subject = |id: &str| key.subject(crate::ingest::mention::Kind::Cluster, id);
        for (id, asker, asked) in [("asked", &b"a"[..], 5), ("ordered", b"", 6)] {
            let cluster = subject(id).0;
            connection
                .execute(
                    "INSERT INTO suppression (subject, cluster, asker, asked) VALUES (?1, ?1, ?2, ?3)",
                    (cluster, asker, asked),
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO deletion (kind, subject, hash, through, asked, state) VALUES ('cluster', ?, ?, 0, ?, 'queued')",
                    (id, cluster, asked),
                )
                .unwrap();
        }
        for migration in &MIGRATIONS[11..] {
            connection.execute_batch(migration).unwrap();
        }
        let read = |sql: &str| -> Vec<[u8; 16]> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map((), |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let suppressed = read("SELECT subject FROM suppression ORDER BY asked");
        assert_eq!(suppressed, [subject("asked").spoken().0, subject("ordered").0]);
        let petitions = read("SELECT hash FROM deletion WHERE petition = 1");
        assert_eq!(petitions, [subject("asked").0]);
    }
}
