//! Reads the time line of a database, for other tests.

use std::path::Path;

use heliograph_collector::store::{Reported, decode_shelf};
use rusqlite::Connection;

/// A report, by the names of what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) hour: i64,
    /// Nothing, where the database does not know the name.
    pub(crate) cluster: Option<String>,
    pub(crate) event: Option<String>,
    pub(crate) report: Reported,
}

/// All reports, by hour.
pub(crate) fn time_line(data: &Path) -> Vec<Line> {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let name = |sql: &str, number: i64| {
        let found = connection.query_row(sql, [number], |row| row.get::<_, String>(0));
        found.ok()
    };
    let mut statement = connection
        .prepare("SELECT hour, cluster, shelf, reports FROM time_line ORDER BY hour")
        .unwrap();
    let rows = statement.query_map((), |row| row.try_into()).unwrap();
    let mut lines = Vec::new();
    for row in rows {
        let (hour, cluster, shelf, bytes): (i64, i64, i64, Vec<u8>) = row.unwrap();
        let reports = decode_shelf(shelf, &bytes).unwrap();
        assert!(!reports.is_empty(), "an empty shelf in {hour}");
        lines.extend(reports.into_iter().map(|report| Line {
            hour,
            cluster: name("SELECT name FROM cluster WHERE id = ?", cluster),
            event: name("SELECT name FROM event WHERE id = ?", report.place.event),
            report,
        }));
    }
    lines
}
