//! What was judged of the whole fleet, kept between two questions: judging takes seconds where there are many installations.
//!
//! Only the standard form is kept: all installations, the newest versions, no more days than are always looked back upon. Other
//! questions are judged for whoever asks. What is kept is used while nothing about its days has changed, so no answer is behind.

use super::super::day::Date;
use super::super::filter::Filter;
use super::super::scope::{AskError, Scope};
use super::roll_call::{BACK, days};
use super::{Bulletin, IMPROVED, REGRESSED, Row, anew};
use crate::delta::Day;
use crate::store::{Judgement, Said, Snapshot};
use crate::verdict::REVISION;

const UNWRITTEN: AskError = AskError::Missing("a verdict can't be written");

/// The first and the last day that are to be judged, and their state.
pub type Pending = ((Day, Day), i64);

/// What is kept, where it is what a scope asks for.
pub(super) fn find(scope: &Scope<'_>) -> Result<Option<Bulletin>, AskError> {
    let all = days(scope)?;
    let (Some(first), Some(last)) = (all.first().copied(), all.last().copied()) else {
        return Ok(None);
    };
    if !is_standard(scope.filter, last) {
        return Ok(None);
    }
    let Some((installations, rows)) = scope.snapshot.judged((first, last), REVISION)? else {
        return Ok(None);
    };
    // What can't be read was written by another release: it is judged anew.
    let Ok(mut rows) = decode(&rows) else {
        return Ok(None);
    };
    let named = &scope.filter.versions;
    if !named
        .iter()
        .all(|version| rows.iter().any(|row| row.version == *version))
    {
        return Ok(None);
    }
    rows.retain(|row| named.is_empty() || named.contains(&row.version));
    Ok(Some(Bulletin {
        days: Some((Date(first), Date(last))),
        installations,
        rows,
    }))
}

/// The days that are to be judged up to today, and their state; `None` where there are none, or they are judged as they are now.
///
/// # Errors
/// When the database can't be read.
pub fn pending(snapshot: &Snapshot<'_>, today: Day) -> Result<Option<Pending>, AskError> {
    let filter = Filter::up_to(today);
    let all = days(&Scope::new(snapshot, &filter)?)?;
    let (Some(first), Some(last)) = (all.first().copied(), all.last().copied()) else {
        return Ok(None);
    };
    let days = (first, last);
    match snapshot.judged(days, REVISION)? {
        Some(_) => Ok(None),
        None => Ok(Some((days, snapshot.state(days)?))),
    }
}

/// Judges them, to be kept.
///
/// # Errors
/// When the database can't be read.
pub fn make(snapshot: &Snapshot<'_>, today: Day) -> Result<Option<Judgement>, AskError> {
    let filter = Filter::up_to(today);
    let bulletin = anew(&Scope::new(snapshot, &filter)?)?;
    let Some((Date(first), Date(last))) = bulletin.days else {
        return Ok(None);
    };
    Ok(Some(Judgement {
        days: (first, last),
        state: snapshot.state((first, last))?,
        revision: REVISION,
        installations: bulletin.installations,
        rows: encode(&bulletin.rows)?,
        said: bulletin.rows.iter().map(said).collect::<Result<_, _>>()?,
        deliver: false,
    }))
}

fn said(row: &Row) -> Result<Said, AskError> {
    Ok(Said {
        version: row.version.clone(),
        unit: row.unit.clone(),
        verdict: row.verdict.clone(),
        tells: [REGRESSED, IMPROVED].contains(&row.verdict.as_str()),
        numbers: serde_json::to_string(row).map_err(|_| UNWRITTEN)?,
    })
}

/// Whether a filter asks for what is kept up to a day.
fn is_standard(filter: &Filter, last: Day) -> bool {
    !filter.chooses_standings()
        && filter.providers.is_empty()
        && filter.variants.is_empty()
        && filter.packages.is_empty()
        && filter.clusters.is_empty()
        && filter.from.0.0 > last.0 - BACK
}

/// As CSV: numbers come back as they were, to the last bit.
fn encode(rows: &[Row]) -> Result<Vec<u8>, AskError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|_| UNWRITTEN)?;
    }
    writer.into_inner().map_err(|_| UNWRITTEN)
}

fn decode(rows: &[u8]) -> Result<Vec<Row>, csv::Error> {
    csv::Reader::from_reader(rows).into_deserialize().collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tier::Tier;
    use super::*;

    #[test]
    fn rows_come_back_to_the_last_bit() {
        let row = Row {
            version: "1.13, \"beta\"\n".to_owned(),
            unit: "a-service".to_owned(),
            verdict: "regressed".to_owned(),
            since: Some(Date(Day(20_779))),
            chance: 4.0 / 1e280,
            ratio: Some(0.1 + 0.2),
            ratio_low: 1.0 / 3.0,
            before: Some(f64::MIN_POSITIVE),
            after: Some(1e-17),
            compared: 41,
            observed: u64::MAX,
            predecessors: "1.11 1.12".to_owned(),
            ..Row::default()
        };
        let rows = [
            row.clone(),
            Row {
                version: String::new(),
                ..row
            },
        ];
        assert_eq!(decode(&encode(&rows).unwrap()).unwrap(), rows);
        assert!(decode(&encode(&[]).unwrap()).unwrap().is_empty());
        // Of another release.
        assert!(decode(b"version,unit\n1,2\n").is_err());
    }

    #[test]
    fn what_is_restricted_is_no_standard_form() {
        let last = Day(20_779);
        let filter = Filter::up_to(last);
        assert!(is_standard(&filter, last));
        let with = |change: fn(&mut Filter)| {
            let mut filter = filter.clone();
            change(&mut filter);
            is_standard(&filter, last)
        };
        assert!(with(|filter| filter.versions = ["1".to_owned()].into()));
        assert!(with(|filter| filter.units = ["a".to_owned()].into()));
        assert!(with(|filter| filter.from = Date(Day(20_779 - 119))));
        assert!(!with(|filter| filter.from = Date(Day(20_779 - 120))));
        assert!(!with(|filter| filter.providers = ["aws".to_owned()].into()));
        assert!(!with(|filter| filter.tiers = [Tier::Confirmed].into()));
    }
}
