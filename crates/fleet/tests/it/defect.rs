//! Faults of documents, on the wire.

use std::io::Read as _;

use heliograph_fleet::fault::Place;
use heliograph_fleet::mistype::Mistype;
use heliograph_fleet::{Documents, Emulation, Fault, Source};
use serde_json::Value;

use crate::emulation::get;
use crate::fault::{answer, good};

#[test]
fn bodies_that_are_no_document() {
    for source in Source::ALL {
        let wire = answer(source, Fault::Empty);
        assert_eq!((wire.status(), wire.body()), (Some(200), &b""[..]));
        assert_eq!(
            wire.header("content-type").as_deref(),
            Some(source.content_type())
        );
        let wire = answer(source, Fault::Html);
        assert_eq!(wire.status(), Some(200));
        assert!(wire.body().starts_with(b"<!DOCTYPE html>"));
        assert!(wire.header("content-type").unwrap().starts_with("text/html"));
    }
}

#[test]
fn syntax_errors() {
    for source in Source::ALL {
        let good = good(source);
        let column = |place| {
            let wire = answer(source, Fault::BadJson(place));
            let error = serde_json::from_slice::<Value>(wire.body()).unwrap_err();
            assert!(error.is_syntax(), "{source} {error}");
            assert_eq!(wire.body().len(), good.len());
            error.column()
        };
        assert_eq!(column(Place::Start), 1);
        assert!(column(Place::Middle) > good.len() / 2);
    }
}

#[test]
fn bytes_around_the_document() {
    for source in Source::ALL {
        let good = good(source);
        let wire = answer(source, Fault::Bom);
        assert!(wire.body() == [b"\xef\xbb\xbf", &good[..]].concat());
        let wire = answer(source, Fault::TrailingBytes);
        assert!(wire.body().starts_with(&good) && wire.body().len() > good.len());
        let error = serde_json::from_slice::<Value>(wire.body()).unwrap_err();
        assert!(error.to_string().starts_with("trailing characters"), "{error}");
    }
}

#[test]
fn strings_that_are_no_unicode() {
    for source in Source::ALL {
        for (fault, bad) in [
            (Fault::InvalidUtf8, &b"caf\xe9"[..]),
            (Fault::LoneSurrogate, br"\ud800"),
        ] {
            let wire = answer(source, fault);
            let times = wire
                .body()
                .windows(bad.len())
                .filter(|window| *window == bad)
                .count();
            assert_eq!(
                times,
                if source == Source::Diagnostics { 2 } else { 1 },
                "{source} {fault}"
            );
            assert!(serde_json::from_slice::<Value>(wire.body()).is_err());
            // With other bytes in that place it is the good document, or one key more.
            let mended = String::from_utf8_lossy(wire.body()).replace(r"\ud800", "");
            let mended: Value = serde_json::from_str(&mended).unwrap();
            let whole: Value = serde_json::from_slice(&good(source)).unwrap();
            if source == Source::Metrics {
                assert_eq!(
                    mended.as_object().unwrap().len(),
                    whole.as_object().unwrap().len() + 1
                );
            } else {
                assert_eq!(differences(&whole, &mended).len(), times, "{source} {fault}");
            }
        }
    }
}

#[test]
fn gzip_that_breaks_off() {
    for source in Source::ALL {
        let wire = answer(source, Fault::GzipBroken);
        assert_eq!(wire.header("content-encoding").as_deref(), Some("gzip"));
        assert_eq!(
            wire.header("content-length").unwrap(),
            wire.body().len().to_string()
        );
        assert!(wire.body().starts_with(b"\x1f\x8b"));
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(wire.body())
            .read_to_end(&mut text)
            .unwrap_err();
    }
}

#[test]
fn keys_that_come_twice() {
    for source in Source::ALL {
        let wire = answer(source, Fault::DuplicateKeys);
        let last: Value = serde_json::from_slice(wire.body()).unwrap();
        let whole: Value = serde_json::from_slice(&good(source)).unwrap();
        assert!(wire.body().len() > good(source).len());
        assert!(last == whole, "{source}: the last one wins");
    }
}

#[test]
fn wrong_types_are_in_one_place() {
    let unit = "/Units/dcos-adminrouter-agent.service";
    let places = [
        (Mistype::UnitsNull, "/Units".to_owned(), "null"),
        (Mistype::UnitNull, unit.to_owned(), "null"),
        (Mistype::NodeNull, format!("{unit}/Nodes/0"), "null"),
        (Mistype::HealthText, format!("{unit}/Health"), "\"1\""),
        (Mistype::HealthFloat, format!("{unit}/Health"), "1.0"),
        (Mistype::OutputArray, format!("{unit}/Nodes/0/Output"), "[]"),
        (
            Mistype::OutputNumber,
            format!("{unit}/Nodes/0/Output/dcos-adminrouter-agent.service"),
            "7",
        ),
        (
            Mistype::TimestampNumber,
            format!("{unit}/Timestamp"),
            "1504640000",
        ),
        (Mistype::NodesObject, format!("{unit}/Nodes"), "{}"),
        (Mistype::PackagesNull, "/packages".to_owned(), "null"),
        (Mistype::PackageNull, "/packages/0".to_owned(), "null"),
        (
            Mistype::PackageNameNumber,
            "/packages/0/packageInformation/packageDefinition/name".to_owned(),
            "7",
        ),
        (Mistype::FrameworksNull, "/frameworks".to_owned(), "null"),
        (Mistype::FrameworkNull, "/frameworks/0".to_owned(), "null"),
        (Mistype::FrameworkNameNumber, "/frameworks/0/name".to_owned(), "7"),
        (Mistype::MetricText, "/master~1cpus_total".to_owned(), "\"8.0\""),
        (Mistype::MetricNull, "/master~1mem_total".to_owned(), "null"),
    ];
    assert_eq!(places.len() + 1, Mistype::ALL.len());
    for (mistype, pointer, value) in places {
        let source = mistype.source().unwrap();
        let whole: Value = serde_json::from_slice(&good(source)).unwrap();
        let mut expected = whole.clone();
        *expected.pointer_mut(&pointer).unwrap() = serde_json::from_str(value).unwrap();
        let wire = answer(source, Fault::WrongTypes(mistype));
        assert!(
            serde_json::from_slice::<Value>(wire.body()).unwrap() == expected,
            "{mistype:?}"
        );
        assert!(expected != whole, "{mistype:?}");
    }
    for source in Source::ALL {
        let wire = answer(source, Fault::WrongTypes(Mistype::Top));
        assert!(wire.body() == [b"[", &good(source)[..], b"]"].concat());
    }
}

#[test]
fn a_place_that_is_not_there_stays_good() {
    let empty = Documents {
        health: b"{\"Units\":{},\"Nodes\":{}}".as_slice().into(),
        cosmos: b"{\"packages\":[]}".as_slice().into(),
        frameworks: b"{}".as_slice().into(),
        metrics: b"{}".as_slice().into(),
    };
    let emulation = Emulation::builder(empty.clone()).start().unwrap();
    for source in Source::ALL {
        for mistype in Mistype::ALL
            .into_iter()
            .filter(|mistype| mistype.source() == Some(source))
        {
            emulation.set_fault(source, Fault::WrongTypes(mistype)).unwrap();
            assert_eq!(get(&emulation, source).status(), Some(200));
        }
        emulation
            .set_fault(source, Fault::WrongTypes(Mistype::MetricNull))
            .unwrap();
        assert_eq!(
            get(&emulation, source).body(),
            &**empty.of(source),
            "{source} has no such place"
        );
    }
}

/// Where two documents of the same shape differ.
fn differences<'a>(left: &'a Value, right: &'a Value) -> Vec<(&'a Value, &'a Value)> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => left
            .values()
            .zip(right.values())
            .flat_map(|(left, right)| differences(left, right))
            .collect(),
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .flat_map(|(left, right)| differences(left, right))
            .collect(),
        _ if left == right => Vec::new(),
        _ => vec![(left, right)],
    }
}
