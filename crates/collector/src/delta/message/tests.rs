use super::*;
use std::collections::BTreeMap;
use std::convert::Infallible;

fn parts(kind: &str, event: Option<&str>, json: &str, of_cluster: bool) -> BTreeMap<String, [i64; 3]> {
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    let properties = Members::of(raw).unwrap();
    let delta = Delta::of(&Message {
        kind,
        event,
        name: Some("/nodes"),
        user: Some("u"),
        properties: &properties,
        timestamp: "2026-11-22T11:59:59Z".parse().unwrap(),
        part: 1,
        of_cluster,
        rules: crate::delta::RULES,
        breakdown: &[],
    });
    let mut names = Vec::new();
    let sums: Result<Sums, Infallible> = delta.sums(0, |name| {
        names.push(name.to_owned());
        Ok(u64::try_from(names.len() - 1).unwrap())
    });
    sums.unwrap()
        .iter()
        .map(|(at, amounts)| {
            let name = at
                .name()
                .map(|name| names[usize::try_from(name).unwrap()].clone());
            let key = match (name, at.hour()) {
                (Some(name), Some(hour)) => format!("{name} at {hour}"),
                (Some(name), None) => name,
                (None, _) => at.key.to_string(),
            };
            (format!("{:?} {key}", at.facet), amounts.0)
        })
        .collect()
}

fn of(expected: &[(&str, [i64; 3])]) -> BTreeMap<String, [i64; 3]> {
    let owned = expected
        .iter()
        .map(|(name, amounts)| ((*name).to_owned(), *amounts));
    owned.collect()
}

#[test]
fn a_health_report_adds_units_and_its_hour() {
    let json = r#"{"environmentVersion":"1.13","health-unit-a-total":3,"health-unit-a-unhealthy":1,
        "health-unit-b-c-total":8.0,"health-unit-b-c-unhealthy":0,"health-unit-b-c-unknown":2,"nodes-unreachable":2,
        "health-unit-d-other":1,"health-unit-e-total":0,"health-unit-f-total":"x","health-unit-g-total":-3,"health-unit-h-total":10000001,"health-unit-h-unhealthy":1e15,"unplanned":4}"#;
    let expected = of(&[
        ("Event health", [1, 0, 0]),
        ("Hour 11", [1, 1, 0]),
        ("Unit a", [3, 1, 0]),
        ("UnhealthyHour a at 11", [1, 0, 0]),
        ("Unit b-c", [8, 0, 2]),
        ("Number nodes-unreachable", [1, 2000, 0]),
    ]);
    assert_eq!(parts("track", Some("health"), json, true), expected);
    // Who may not speak for a cluster adds an event and no more.
    let expected = of(&[("Event health", [1, 0, 0])]);
    assert_eq!(parts("track", Some("health"), json, false), expected);
}

#[test]
fn other_reports_add_numbers_and_names() {
    let json = r#"{"cpu_total":8.5,"task_count":3,"mem_total":1e300,"disk_total":null,"frameworks":[{"name":"a"},{"name":"b"},{"name":"a"},{"id":"c"}]}"#;
    let expected = of(&[
        ("Event mesos_track", [1, 0, 0]),
        ("Number cpu_total", [1, 8500, 0]),
        ("Number task_count", [1, 3000, 0]),
        ("Framework a", [1, 0, 0]),
        ("Framework b", [1, 0, 0]),
    ]);
    assert_eq!(parts("track", Some("mesos_track"), json, true), expected);
    let json = r#"{"package_list":[{"name":"kafka"}],"cpu_total":1}"#;
    let expected = of(&[("Event package_list", [1, 0, 0]), ("Package kafka", [1, 0, 0])]);
    assert_eq!(parts("track", Some("package_list"), json, true), expected);
}

#[test]
fn other_messages_add_themselves() {
    let by = format!("User {}", hash("user", "u"));
    let user = (by.as_str(), [1, 0, 0]);
    assert_eq!(
        parts("page", None, "{}", false),
        of(&[("Call page", [1, 0, 0]), ("Page /nodes", [1, 0, 0]), user])
    );
    assert_eq!(
        parts("identify", None, "{}", false),
        of(&[("Call identify", [1, 0, 0]), user])
    );
    assert_eq!(
        parts("track", Some("x"), "{}", true),
        of(&[("Event x", [1, 0, 0])])
    );
    // Whoever else speaks.
    assert_eq!(
        parts("group", None, "{}", false),
        of(&[("Call group", [1, 0, 0])])
    );
    let long = "é".repeat(NAME_BYTES);
    let cut = format!("Event {}", "é".repeat(NAME_BYTES / 2));
    assert_eq!(parts("track", Some(&long), "{}", true), of(&[(&cut, [1, 0, 0])]));
}

#[test]
fn of_whom_a_cluster_is_a_hash_is_counted() {
    let json = r#"{"customerKey":"k","licenseId":" l ","action":"install","outcome":"failed","phase":3}"#;
    let customer = format!("Customer {}", hash("customerKey", "k"));
    let license = format!("License {}", hash("licenseId", "l"));
    let both = [(customer.as_str(), [1, 0, 0]), (license.as_str(), [1, 0, 0])];
    let expected = [&both[..], &[("Event package_list", [1, 0, 0])]].concat();
    assert_eq!(parts("track", Some("package_list"), json, true), of(&expected));
    let values = [
        ("Event installation", [1, 0, 0]),
        ("Value installation\u{1f}action\u{1f}install", [1, 0, 0]),
        ("Value installation\u{1f}outcome\u{1f}failed", [1, 0, 0]),
    ];
    let expected = [&both[..], &values].concat();
    assert_eq!(parts("track", Some("installation"), json, true), of(&expected));
    let nobody = r#"{"customerKey":"","licenseId":null}"#;
    let expected = of(&[("Event health", [1, 0, 0]), ("Hour 11", [1, 0, 0])]);
    assert_eq!(parts("track", Some("health"), nobody, true), expected);
}

#[test]
fn the_edition_is_what_the_message_states() {
    let raw: &RawValue =
        serde_json::from_str(r#"{"environmentVersion":"1.13.5","provider":"aws","variant":3}"#).unwrap();
    let properties = Members::of(raw).unwrap();
    let delta = Delta::of(&Message {
        kind: "track",
        event: Some("e"),
        name: None,
        user: None,
        properties: &properties,
        timestamp: Timestamp::MIN,
        part: 1,
        of_cluster: true,
        rules: crate::delta::RULES,
        breakdown: &[],
    });
    let expected = Edition {
        version: "1.13.5",
        provider: "aws",
        variant: "",
    };
    assert_eq!(delta.edition(), expected);
}
