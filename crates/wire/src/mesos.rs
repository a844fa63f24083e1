//! What a Mesos master answers: `GET /metrics/snapshot`, a flat object of numbers, and `GET /frameworks`, whose list
//! `frameworks` holds the registered schedulers.
//!
//! One reader takes either, told apart by what is in them, since the two URLs may be configured in any order.

use std::collections::BTreeMap;
use std::io::Read;

use crate::issue::Issues;
use crate::json::{self, Kind, Reader};

/// Largest answer that is read, in bytes after decompression. `/frameworks` carries every task that a master remembers.
pub const MAX_ANSWER: u64 = 1 << 30;
/// Most names that are kept of a list; more are counted as issues.
pub const MAX_NAMES: usize = 10_000;

/// The metrics that are collected, and the property each becomes.
pub const METRICS: [(&str, &str); 10] = [
    ("master/slaves_active", "agents_active"),
    ("master/slaves_connected", "agents_connected"),
    ("master/cpus_total", "cpu_total"),
    ("master/cpus_used", "cpu_used"),
    ("master/disk_total", "disk_total"),
    ("master/disk_used", "disk_used"),
    ("master/frameworks_active", "framework_count"),
    ("master/mem_total", "mem_total"),
    ("master/mem_used", "mem_used"),
    ("master/tasks_running", "task_count"),
];

/// What one answer holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Property to number, of those in [`METRICS`] that were there; finite and not negative.
    pub metrics: BTreeMap<&'static str, f64>,
    /// Names of the registered frameworks in the order received, duplicates kept; `None` when there was no such list.
    pub frameworks: Option<Vec<String>>,
    /// What could not be used.
    pub issues: Issues,
}

/// Why an answer is neither of the two.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, cut off, or not to be read.
    #[error("the answer of Mesos can't be read")]
    Json(#[from] json::Error),
    /// JSON of another shape.
    #[error("this is neither Mesos' metrics nor its frameworks: found {0}")]
    Shape(&'static str),
}

/// Reads one answer.
///
/// # Errors
/// The document can't be read to its end, or holds nothing that is looked for.
pub fn read<R: Read>(input: R) -> Result<Answer, Error> {
    let reader = &mut Reader::new(input, MAX_ANSWER)?;
    match reader.kind()? {
        Kind::Object => reader.enter_object()?,
        found => return Err(Error::Shape(found.name())),
    }
    let mut answer = Answer::default();
    let mut recognised = false;
    while let Some(key) = reader.next_key()? {
        if key.bytes == b"frameworks" {
            recognised = true;
            answer.frameworks = names(reader, &mut answer.issues, "frameworks", framework_name)?;
        } else if let Some(&(metric, property)) =
            METRICS.iter().find(|(metric, _)| metric.as_bytes() == key.bytes)
        {
            recognised = true;
            match reader.kind()? {
                Kind::Number => {
                    let number = reader.number()?;
                    if number.is_finite() && number >= 0.0 {
                        answer.metrics.insert(property, number);
                    } else {
                        answer
                            .issues
                            .add(|| format!("{metric:?}: a number that can't be"));
                    }
                }
                found => {
                    answer
                        .issues
                        .wrong_type(|| format!("{metric:?}"), "a number", found);
                    reader.skip()?;
                }
            }
        } else {
            reader.skip()?;
        }
    }
    if recognised {
        Ok(answer)
    } else {
        Err(Error::Shape("an object without them"))
    }
}

/// Reads a list of things that have a name, by `one`; `None` when there is no list.
pub(crate) fn names<R: Read>(
    reader: &mut Reader<R>,
    issues: &mut Issues,
    list: &str,
    one: impl Fn(&mut Reader<R>, &mut Issues, &dyn Fn() -> String) -> Result<Option<String>, json::Error>,
) -> Result<Option<Vec<String>>, json::Error> {
    match reader.kind()? {
        Kind::Array => reader.enter_array()?,
        found => {
            issues.wrong_type(|| list.to_owned(), "a list", found);
            reader.skip()?;
            return Ok(None);
        }
    }
    let mut names = Vec::new();
    let mut index = 0_u64;
    while reader.next_item()? {
        let place = || format!("{list}[{index}]");
        if names.len() == MAX_NAMES {
            issues.add(|| format!("{}: more than {MAX_NAMES} names", place()));
            reader.skip()?;
        } else if let Some(name) = one(reader, issues, &place)? {
            names.push(name);
        }
        index += 1;
    }
    Ok(Some(names))
}

fn framework_name<R: Read>(
    reader: &mut Reader<R>,
    issues: &mut Issues,
    place: &dyn Fn() -> String,
) -> Result<Option<String>, json::Error> {
    named(reader, issues, place, b"name", |reader, issues| {
        name(reader, issues, &|| format!("{}.name", place()))
    })
}

/// Reads the object that comes next and takes from its member `key` what `inner` makes of it.
pub(crate) fn named<R: Read>(
    reader: &mut Reader<R>,
    issues: &mut Issues,
    place: &dyn Fn() -> String,
    key: &[u8],
    mut inner: impl FnMut(&mut Reader<R>, &mut Issues) -> Result<Option<String>, json::Error>,
) -> Result<Option<String>, json::Error> {
    match reader.kind()? {
        Kind::Object => reader.enter_object()?,
        found => {
            issues.wrong_type(place, "an object", found);
            reader.skip()?;
            return Ok(None);
        }
    }
    let mut found = None;
    let mut seen = false;
    while let Some(member) = reader.next_key()? {
        if member.bytes == key {
            seen = true;
            found = inner(reader, issues)?;
        } else {
            reader.skip()?;
        }
    }
    if !seen {
        issues.add(|| format!("{}: has no {:?}", place(), String::from_utf8_lossy(key)));
    }
    Ok(found)
}

/// Reads the name that comes next; an empty one is no name.
pub(crate) fn name<R: Read>(
    reader: &mut Reader<R>,
    issues: &mut Issues,
    place: &dyn Fn() -> String,
) -> Result<Option<String>, json::Error> {
    match reader.kind()? {
        Kind::String => {
            let name = reader.string()?;
            if name.is_blank() {
                issues.add(|| format!("{}: an empty name", place()));
                return Ok(None);
            }
            Ok(Some(name.to_str().into_owned()))
        }
        found => {
            issues.wrong_type(place, "a string", found);
            reader.skip()?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_either_answer() {
        let metrics = read(
            &br#"{"master/cpus_total": 8.0, "master/cpus_used": null, "master/mem_total": -1, "x": [1]}"#[..],
        )
        .unwrap();
        assert_eq!(metrics.metrics, BTreeMap::from([("cpu_total", 8.0)]));
        assert_eq!(metrics.frameworks, None);
        assert_eq!(
            metrics.issues.to_string(),
            "\"master/cpus_used\": expected a number, found null; \"master/mem_total\": a number that can't be"
        );

        let frameworks = read(&br#"{"frameworks": [{"id": 1, "name": "a"}, {"name": "a"}, {"name": 7}, null, {}], "completed_frameworks": [{"name": "old"}]}"#[..]).unwrap();
        assert_eq!(frameworks.frameworks.unwrap(), ["a", "a"]);
        assert_eq!(
            frameworks.issues.described(),
            [
                "frameworks[2].name: expected a string, found a number",
                "frameworks[3]: expected an object, found null",
                "frameworks[4]: has no \"name\""
            ]
        );
    }

    #[test]
    fn refuses_what_is_neither() {
        assert_eq!(
            read(&b"[]"[..]).unwrap_err().to_string(),
            "this is neither Mesos' metrics nor its frameworks: found a list"
        );
        assert!(matches!(read(&b"{}"[..]).unwrap_err(), Error::Shape(_)));
        assert!(matches!(read(&b"<html>"[..]).unwrap_err(), Error::Json(_)));
    }

    #[test]
    fn a_list_without_end_stays_bounded() {
        let many = format!(
            "{{\"frameworks\": [{}]}}",
            vec!["{\"name\": \"a\"}"; MAX_NAMES + 3].join(",")
        );
        let answer = read(many.as_bytes()).unwrap();
        assert_eq!(
            (answer.frameworks.unwrap().len(), answer.issues.count()),
            (MAX_NAMES, 3)
        );
    }
}
