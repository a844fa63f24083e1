//! What each fault of each source does: the table that the tests of faults, alone and in pairs, go by.
//!
//! [`row`] matches without a wildcard, so that a new fault does not compile until it has a row.

use heliograph_fleet::fault::Place;
use heliograph_fleet::flood::Flood;
use heliograph_fleet::mistype::Mistype;
use heliograph_fleet::{Fault, Source};
use serde_json::{Map, Value, json};

use crate::small;

/// What becomes of a source that has a fault.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) effect: Effect,
    /// What the log must say; nothing at all where this is empty.
    pub(crate) log: &'static str,
    /// The exit code where this is the only source that is switched on.
    pub(crate) alone: i32,
}

/// What is told in spite of a fault.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// All that is told without it.
    Whole,
    /// Nothing of this source.
    Lost,
    /// All but these properties.
    Without(&'static [&'static str]),
    /// All, but these properties are otherwise.
    Otherwise(Value),
}

impl Effect {
    /// What the source tells.
    pub(crate) fn told(&self, source: Source) -> Option<Map<String, Value>> {
        let mut told = small::told(source);
        match self {
            Effect::Whole => {}
            Effect::Lost => return None,
            Effect::Without(names) => {
                for name in *names {
                    assert!(told.remove(*name).is_some(), "{name} is not told anyway");
                }
            }
            Effect::Otherwise(values) => told.extend(values.as_object().unwrap().clone()),
        }
        Some(told)
    }
}

/// Whether the fault makes signal wait until its time is up, or nearly so.
pub(crate) const fn is_endless(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Drip(_) | Fault::Hang | Fault::HangAfterHead | Fault::HangWithCache0 | Fault::Huge(_)
    )
}

/// The row of a fault.
pub(crate) fn row(source: Source, fault: Fault) -> Row {
    match fault {
        Fault::None | Fault::Slow(_) | Fault::Bom | Fault::TrailingBytes | Fault::DuplicateKeys => whole(""),
        Fault::Redirect(301 | 302 | 303 | 307 | 308) => whole(""),
        Fault::Redirect(code) => panic!("{code} is no redirect"),
        Fault::RedirectLoop => lost("redirected more than 10 times"),
        Fault::Status(code) | Fault::StatusWithBody(code) => lost(match code {
            204 => "answered 204, not 200",
            301 => "answered 301, not 200",
            400 => "answered 400, not 200",
            401 => "answered 401, not 200",
            403 => "answered 403, not 200",
            404 => "answered 404, not 200",
            429 => "answered 429, not 200",
            500 => "answered 500, not 200",
            503 => "answered 503, not 200",
            _ => panic!("status {code} has no row"),
        }),
        Fault::Empty => lost("the document ends at byte 0, before it is complete"),
        Fault::BadJson(Place::Start) | Fault::Html => lost("not JSON at byte 0: expected a value, found `<`"),
        Fault::BadJson(Place::Middle) => lost("found `;`"),
        Fault::WrongTypes(mistype) => wrong_type(source, mistype),
        Fault::Truncated | Fault::TruncatedChunked | Fault::ResetMidBody => lost("reading failed at byte"),
        Fault::Drip(_) | Fault::HangAfterHead => lost("not complete within"),
        Fault::Hang => lost("no answer within"),
        // What a flood does within its time, and to the memory, is in `flood`.
        Fault::Huge(Flood::String | Flood::Entries | Flood::Units) => lost("not complete within"),
        Fault::Refused => lost("no connection: refused"),
        Fault::Reset => lost("the connection broke"),
        // The nonsense may inflate to other nonsense.
        Fault::GzipBroken => lost("can't be read"),
        Fault::HangWithCache0 => whole("asked once more for what is cached"),
        Fault::InvalidUtf8 | Fault::LoneSurrogate => match source {
            // Titles and hosts are not told, and an additional metric neither.
            Source::Diagnostics | Source::Metrics => whole(""),
            // A name that is no text is in no catalogue.
            Source::Cosmos => otherwise(
                "",
                json!({"package_list": [{"name": "other"}, {"name": "kafka"}, {"name": "kafka"}]}),
            ),
            Source::Frameworks => otherwise(
                "",
                json!({"frameworks": [{"name": "other"}, {"name": "metronome"}]}),
            ),
        },
    }
}

fn wrong_type(source: Source, mistype: Mistype) -> Row {
    const UNITS: &[&str] = &[
        "health-unit-dcos-a-service-total",
        "health-unit-dcos-a-service-unhealthy",
        "health-unit-dcos-b-service-total",
        "health-unit-dcos-b-service-unhealthy",
        "health-unit-dcos-c-timer-total",
        "health-unit-dcos-c-timer-unhealthy",
    ];
    const FIRST_UNIT: &[&str] = UNITS.split_at(2).0;
    let of_two_nodes_one_is_unknown = json!({
        "health-unit-dcos-a-service-total": 1, "health-unit-dcos-a-service-unhealthy": 1, "health-unit-dcos-a-service-unknown": 1,
    });
    let without_first_package = json!({"package_list": [{"name": "kafka"}, {"name": "kafka"}]});
    let without_first_framework = json!({"frameworks": [{"name": "metronome"}]});
    match mistype {
        Mistype::Top => lost(match source {
            Source::Diagnostics => "this is not a health report: expected an object, found a list",
            Source::Cosmos => "this is not a package list: expected a list `packages`, found a list",
            Source::Frameworks | Source::Metrics => {
                "this is neither Mesos' metrics nor its frameworks: found a list"
            }
        }),
        Mistype::UnitsNull => without("the report names no unit; is it asked of a master?", UNITS),
        Mistype::UnitNull => without(
            r#"values were left out: Units["dcos-a.service"]: expected an object, found null"#,
            FIRST_UNIT,
        ),
        Mistype::NodeNull => otherwise(
            r#"values were left out: Units["dcos-a.service"].Nodes[0]: expected an object, found null"#,
            json!({"health-unit-dcos-a-service-total": 1, "health-unit-dcos-a-service-unhealthy": 1}),
        ),
        Mistype::HealthText => whole(
            r#"values were left out: Units["dcos-a.service"].Health: expected a number, found a string"#,
        ),
        Mistype::HealthFloat | Mistype::TimestampNumber => whole(""),
        Mistype::OutputArray => otherwise(
            r#"values were left out: Units["dcos-a.service"].Nodes[0].Output: expected an object, found a list"#,
            of_two_nodes_one_is_unknown,
        ),
        Mistype::OutputNumber => otherwise(
            r#"values were left out: Units["dcos-a.service"].Nodes[0].Output["dcos-a.service"]: expected a string, found a number"#,
            of_two_nodes_one_is_unknown,
        ),
        Mistype::NodesObject => without(
            r#"values were left out: Units["dcos-a.service"].Nodes: expected a list, found an object"#,
            FIRST_UNIT,
        ),
        Mistype::PackagesNull => lost("expected a list `packages`, found null"),
        Mistype::PackageNull => otherwise(
            "values were left out: packages[0]: expected an object, found null",
            without_first_package,
        ),
        Mistype::PackageNameNumber => otherwise(
            "values were left out: packages[0].packageInformation.packageDefinition.name: expected a string, found a number",
            without_first_package,
        ),
        Mistype::FrameworksNull => lost("frameworks: expected a list, found null"),
        Mistype::FrameworkNull => otherwise(
            "values were left out: frameworks[0]: expected an object, found null",
            without_first_framework,
        ),
        Mistype::FrameworkNameNumber => otherwise(
            "values were left out: frameworks[0].name: expected a string, found a number",
            without_first_framework,
        ),
        Mistype::MetricText => without(
            r#"values were left out: "master/cpus_total": expected a number, found a string"#,
            &["cpu_total"],
        ),
        Mistype::MetricNull => without(
            r#"values were left out: "master/mem_total": expected a number, found null"#,
            &["mem_total"],
        ),
    }
}

const fn whole(log: &'static str) -> Row {
    Row {
        effect: Effect::Whole,
        log,
        alone: 0,
    }
}

const fn lost(log: &'static str) -> Row {
    Row {
        effect: Effect::Lost,
        log,
        alone: 2,
    }
}

const fn without(log: &'static str, names: &'static [&'static str]) -> Row {
    Row {
        effect: Effect::Without(names),
        log,
        alone: 0,
    }
}

const fn otherwise(log: &'static str, values: Value) -> Row {
    Row {
        effect: Effect::Otherwise(values),
        log,
        alone: 0,
    }
}
