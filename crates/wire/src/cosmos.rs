//! What the DC/OS package manager answers to `POST /package/list`:
//! `{"packages": [{"appId", "packageInformation": {"packageDefinition": {"name", "version", …}, …}}]}`.

use std::io::Read;

use crate::issue::Issues;
use crate::json::{self, Kind, Reader};
use crate::mesos::{name, named, names};

/// Media type of the request's body.
pub const REQUEST_TYPE: &str = "application/vnd.dcos.package.list-request+json;charset=utf-8;version=v1";
/// Media type of the answer that is asked for.
pub const ANSWER_TYPE: &str = "application/vnd.dcos.package.list-response+json;charset=utf-8;version=v1";
/// Largest answer that is read, in bytes after decompression.
pub const MAX_ANSWER: u64 = 1 << 28;

/// What an answer holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names of the installed packages in the order received, duplicates kept.
    pub packages: Vec<String>,
    /// What could not be used.
    pub issues: Issues,
}

/// Why an answer is no package list.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, cut off, or not to be read.
    #[error("the package list can't be read")]
    Json(#[from] json::Error),
    /// JSON of another shape.
    #[error("this is not a package list: expected a list `packages`, found {0}")]
    Shape(&'static str),
}

/// Reads an answer.
///
/// # Errors
/// The document can't be read to its end, or has no list `packages`.
pub fn read<R: Read>(input: R) -> Result<Answer, Error> {
    let reader = &mut Reader::new(input, MAX_ANSWER)?;
    match reader.kind()? {
        Kind::Object => reader.enter_object()?,
        found => return Err(Error::Shape(found.name())),
    }
    let mut answer = Answer::default();
    let mut packages = None;
    let mut found = "none";
    while let Some(key) = reader.next_key()? {
        if key.bytes == b"packages" {
            found = reader.kind()?.name();
            packages = names(reader, &mut answer.issues, "packages", package_name)?;
        } else {
            reader.skip()?;
        }
    }
    answer.packages = packages.ok_or(Error::Shape(found))?;
    Ok(answer)
}

fn package_name<R: Read>(
    reader: &mut Reader<R>,
    issues: &mut Issues,
    place: &dyn Fn() -> String,
) -> Result<Option<String>, json::Error> {
    let information = || format!("{}.packageInformation", place());
    let definition = || format!("{}.packageDefinition", information());
    named(reader, issues, place, b"packageInformation", |reader, issues| {
        named(
            reader,
            issues,
            &information,
            b"packageDefinition",
            |reader, issues| {
                named(reader, issues, &definition, b"name", |reader, issues| {
                    name(reader, issues, &|| format!("{}.name", definition()))
                })
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_names_what_is_wrong() {
        let answer = read(
            &br#"{"packages": [
                {"appId": "/kafka", "packageInformation": {"packageDefinition": {"version": "1", "name": "kafka"}}},
                {"packageInformation": {"packageDefinition": {"name": 1}}},
                null,
                {"packageInformation": null}
            ]}"#[..],
        )
        .unwrap();
        assert_eq!(answer.packages, ["kafka"]);
        assert_eq!(
            answer.issues.described(),
            [
                "packages[1].packageInformation.packageDefinition.name: expected a string, found a number",
                "packages[2]: expected an object, found null",
                "packages[3].packageInformation: expected an object, found null",
            ]
        );
        for (document, found) in [("{\"packages\": {}}", "an object"), ("{}", "none")] {
            let error = read(document.as_bytes()).unwrap_err();
            assert!(
                matches!(error, Error::Shape(what) if what == found),
                "{document}: {error}"
            );
        }
    }
}
