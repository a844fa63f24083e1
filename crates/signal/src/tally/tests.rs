use heliograph_wire::catalogue::Names;
use serde_json::{Value, json};

use super::*;

/// `json!` sorts members, and real reports have `UnitName` and `Units` before `Nodes`: with a `$` here, which sorts first.
fn tally_with(report: &Value, names: Names) -> Tally {
    let report = report.to_string().replace('$', "");
    read(report.as_bytes(), &Catalogue::new(names, vec![])).unwrap()
}

fn tally(report: &Value) -> Tally {
    tally_with(report, Names::All)
}

fn node(ip: &str, output: &Value) -> Value {
    json!({"IP": ip, "Health": 0, "Output": output})
}

fn counts(total: u64, unhealthy: u64, unknown: u64) -> Counts {
    Counts {
        total,
        unhealthy,
        unknown,
    }
}

#[test]
fn an_output_of_that_unit_makes_it_unhealthy() {
    let report = json!({"Units": {"key-is-not-the-name": {"$UnitName": "a.service", "Health": 1, "Nodes": [
        node("1", &json!({"a.service": "failed\nlog", "b.service": ""})),
        node("2", &json!({"a.service": " \n\t", "b.service": "failed"})),
        node("3", &json!({})),
        node("4", &Value::Null),
    ]}}});
    assert_eq!(
        tally(&report).units,
        [("a-service".to_owned(), counts(4, 1, 0))].into()
    );
    assert!(tally(&report).issues.is_empty() && tally(&report).contradictions.is_empty());
}

#[test]
fn a_nested_units_health_decides() {
    let nested = |health: Value, output: &str| json!({"IP": output.len().to_string() + &health.to_string(), "Output": {"a": output}, "Units": [{"$UnitName": "b", "Health": 1}, {"$UnitName": "a", "Health": health}]});
    let report = json!({"Units": {"a": {"$UnitName": "a", "Nodes": [
        nested(json!(0), "text"), nested(json!(0.0), ""), nested(json!(1), ""), nested(json!(1), "text"), nested(json!(3), "text"),
        nested(json!("1"), "text"), nested(json!(2), ""),
    ]}}});
    let tally = tally(&report);
    assert_eq!(tally.units["a"], counts(6, 3, 1));
    assert_eq!(
        tally.issues.described(),
        [
            "Units[\"a\"].Nodes[5].Units[1].Health: expected a number, found a string",
            "Units[\"a\"].Nodes[6].Units[1].Health: expected 0, 1 or 3, found another number"
        ]
    );
}

#[test]
fn the_nodes_own_lists_decide_where_they_say_something() {
    let units = json!({"a": {"$UnitName": "a", "Nodes": [node("1", &json!({"a": ""})), node("2", &json!({"a": ""}))]}});
    let list = |health: u8| json!({"Health": health, "Units": [{"$UnitName": "a", "Health": health}]});
    let covered = tally(&json!({"$Units": units, "Nodes": {"1": list(0), "2": list(1)}}));
    assert_eq!(covered.units["a"], counts(2, 1, 0));
    assert_eq!(
        covered.contradictions.described(),
        ["a: by its outputs it is unhealthy on 0 of 2 nodes, by the nodes' own lists on 1"]
    );

    // Of the other node its outputs still tell.
    let partly = tally(&json!({"$Units": units, "Nodes": {"2": list(1)}}));
    assert_eq!(partly.units["a"], counts(2, 1, 0));
    let failing = json!({"a": {"$UnitName": "a", "Nodes": [node("1", &json!({"a": "x"})), node("2", &json!({"a": "x"}))]}});
    assert_eq!(
        tally(&json!({"$Units": failing, "Nodes": {"2": list(0)}})).units["a"],
        counts(2, 1, 0)
    );
    assert_eq!(
        tally(&json!({"$Units": failing, "Nodes": {"2": list(3)}})).units["a"],
        counts(1, 1, 1)
    );

    let elsewhere = tally(&json!({"$Units": units, "Nodes": {"1": list(0), "3": list(1)}}));
    assert_eq!(elsewhere.units["a"], counts(2, 0, 0));
    assert_eq!(
        elsewhere.contradictions.described(),
        ["a: is listed on 2 nodes, but 2 other nodes list it"]
    );
}

#[test]
fn a_name_that_comes_late_only_counts_where_it_agrees() {
    let report = r#"{"Units": {"a": {"Nodes": [{"IP": "1", "Output": {"a": "x"}}], "UnitName": "a"}, "b": {"Nodes": [{"IP": "1"}], "UnitName": "c"}}}"#;
    let tally = read(report.as_bytes(), &Catalogue::new(Names::All, vec![])).unwrap();
    assert_eq!(
        tally.units,
        [
            ("a".to_owned(), counts(1, 1, 0)),
            ("b".to_owned(), counts(1, 0, 0))
        ]
        .into()
    );
    assert_eq!(
        tally.issues.described(),
        ["Units[\"b\"].UnitName: comes after Nodes and differs from the key, which was used"]
    );
}

#[test]
fn unreachable_nodes_are_counted_once() {
    let report = r#"{"Units": {}, "Nodes": {"1": {"Health": 3, "Output": null}, "1": {"Health": 3}, "2": {"Health": 0}, "3": {"Health": 3.0}, "4": null}}"#;
    let tally = read(report.as_bytes(), &Catalogue::new(Names::All, vec![])).unwrap();
    assert_eq!(tally.nodes_unreachable, 2);
    assert_eq!(
        tally.issues.described(),
        [
            "Nodes: a node is listed twice, only the first counts",
            "Nodes[4]: expected an object, found null"
        ]
    );
}

#[test]
fn unknown_nodes_are_no_part_of_the_total() {
    let report = json!({"Units": {"a": {"$UnitName": "a", "Nodes": [node("1", &json!({}))], "Unknown": [node("2", &Value::Null), "3"]}}});
    assert_eq!(tally(&report).units["a"], counts(1, 0, 2));
}

#[test]
fn a_node_or_unit_listed_twice_counts_once() {
    let twice = json!([node("1", &json!({"a": "x"})), node("1", &json!({"a": "x"}))]);
    let report =
        json!({"Units": {"a": {"$UnitName": "a", "Nodes": twice}, "b": {"$UnitName": "a", "Nodes": twice}}});
    let tally = tally(&report);
    assert_eq!(tally.units["a"], counts(1, 1, 0));
    assert_eq!(tally.issues.count(), 2);
}

#[test]
fn names_that_are_told_alike_are_summed() {
    let one = |ip: &str, output: &Value| json!([node(ip, output)]);
    let report = json!({"Units": {
        "dcos-a.b": {"$UnitName": "dcos-a.b", "Nodes": one("1", &json!({}))},
        "dcos-a-b": {"$UnitName": "dcos-a-b", "Nodes": one("1", &json!({"dcos-a-b": "x"}))},
        "acme@1.service": {"$UnitName": "acme@1.service", "Nodes": one("1", &json!({}))},
        "acme.service": {"$UnitName": "acme.service", "Nodes": one("1", &json!({}))},
        "getty@1.service": {"$UnitName": "getty@1.service", "Nodes": one("1", &json!({}))},
        "getty@2.service": {"$UnitName": "getty@2.service", "Nodes": one("1", &json!({}))},
        "empty.service": {"$UnitName": "empty.service", "Nodes": []},
        "dcos-none": {"$UnitName": "dcos-none"},
    }});
    let tally = tally_with(&report, Names::Catalogue);
    let expected = [
        ("dcos-a-b", counts(2, 1, 0)),
        ("getty@-service", counts(2, 0, 0)),
        ("other", counts(2, 0, 0)),
    ];
    assert_eq!(
        tally.units,
        expected.map(|(name, counts)| (name.to_owned(), counts)).into()
    );
}

#[test]
fn one_bad_value_costs_that_value() {
    let report = json!({"Units": {
        "null": null,
        "a": {"$UnitName": 7, "Health": "x", "Timestamp": 1, "Nodes": [null, {"IP": 1, "Output": {"a": 5}}, {"IP": "2", "Output": "x"}, node("3", &json!({"a": "x"}))]},
        "b": {"$UnitName": "b", "Nodes": {}},
    }, "Nodes": []});
    let tally = tally(&report);
    assert_eq!(tally.units, [("a".to_owned(), counts(1, 1, 2))].into());
    assert_eq!(tally.issues.count(), 9);
    assert!(tally.issues.to_string().starts_with("Nodes: expected an object, found a list; Units[\"a\"].UnitName: expected a string, found a number; "), "{}", tally.issues);
}

#[test]
fn claims_that_do_not_agree_are_contradictions() {
    let report = json!({
        "Units": {"a": {"$UnitName": "a", "Nodes": [node("1", &json!({"a": "x"}))], "Health": 0}},
        "Nodes": {"1": {"Health": 0, "Units": [{"$UnitName": "a", "Health": 1}]}},
    });
    let tally = tally(&report);
    assert_eq!(
        tally.contradictions.described(),
        [
            "a node's Health does not agree with its units'",
            "a: Health does not agree with 1 unhealthy nodes"
        ]
    );
}

#[test]
fn what_is_no_report_is_refused() {
    for (text, message) in [
        (
            "[]",
            "this is not a health report: expected an object, found a list",
        ),
        (
            "{}",
            "this is not a health report: expected an object `Units`, found none",
        ),
        (
            "{\"Units\": []}",
            "this is not a health report: expected an object `Units`, found a list",
        ),
    ] {
        assert_eq!(
            read(text.as_bytes(), &Catalogue::new(Names::All, vec![]))
                .unwrap_err()
                .to_string(),
            message
        );
    }
    assert_eq!(
        read(
            &b"{\"Units\":null,\"Nodes\":null}"[..],
            &Catalogue::new(Names::All, vec![])
        )
        .unwrap(),
        Tally::default()
    );
}

#[test]
fn endless_units_stay_bounded() {
    let units: serde_json::Map<_, _> = (0..MAX_UNITS + 50)
        .map(|i| (format!("u{i}"), json!({"Nodes": [node("1", &Value::Null)]})))
        .collect();
    let tally = tally(&json!({ "Units": units }));
    assert_eq!(tally.units.len(), MAX_UNITS + 1);
    assert_eq!(tally.units[OTHER].total, 50);
}

#[test]
fn a_node_that_answers_is_reachable_whatever_it_says() {
    let report = json!({"Units": {}, "Nodes": {
        "1": {"Health": 3, "Reached": true},
        "2": {"Health": 3, "Reached": false},
        "3": {"Health": 0, "Reached": true},
        "4": {"Health": 3, "Reached": "no"},
    }});
    let tally = tally(&report);
    assert_eq!(tally.nodes_unreachable, 2);
    assert_eq!(tally.issues.count(), 1);
}

/// What our diagnostics says of one cluster in either form.
fn both_forms() -> [Value; 2] {
    let unknown = json!({"IP": "3", "Health": 3});
    let on = |ip: &str, unit: &str, bad: bool| {
        let output = if bad { json!({unit: "x"}) } else { json!({}) };
        node(ip, &output)
    };
    let list = |health: u8, units: &[(&str, u8)]| {
        let units: Vec<_> = units
            .iter()
            .map(|(unit, health)| json!({"$UnitName": unit, "Health": health}))
            .collect();
        json!({"Health": health, "Reached": health != 3, "Units": units})
    };
    let report = json!({
        "$Units": {
            "getty@1.service": {"$UnitName": "getty@1.service", "Health": 1, "Nodes": [on("1", "getty@1.service", true), on("2", "getty@1.service", false)], "Unknown": [unknown]},
            "getty@2.service": {"$UnitName": "getty@2.service", "Health": 0, "Nodes": [on("1", "getty@2.service", false)], "Unknown": []},
            "secret.service": {"$UnitName": "secret.service", "Health": 3, "Nodes": [], "Unknown": [unknown]},
        },
        "Nodes": {
            "1": list(1, &[("getty@1.service", 1), ("getty@2.service", 0)]),
            "2": list(0, &[("getty@1.service", 0)]),
            "3": list(3, &[("getty@1.service", 3), ("secret.service", 3)]),
        },
    });
    let summary = json!({
        "units": {
            "getty@1.service": {"total": 2, "unhealthy": 1, "unknown": 1},
            "getty@2.service": {"total": 1, "unhealthy": 0, "unknown": 0},
            "secret.service": {"total": 0, "unhealthy": 0, "unknown": 1},
        },
        "nodes": {"agent": {"healthy": 1, "unhealthy": 1, "unknown": 1, "unreachable": 1}},
    });
    [report, summary]
}

#[test]
fn both_forms_of_a_report_make_the_same_tally() {
    let [report, summary] = both_forms();
    for names in [Names::Catalogue, Names::All] {
        let of_report = tally_with(&report, names);
        let catalogue = Catalogue::new(names, vec![]);
        let of_summary = read_summary(summary.to_string().as_bytes(), &catalogue).unwrap();
        assert_eq!(of_report, of_summary);
        assert!(
            of_report.contradictions.is_empty(),
            "{}",
            of_report.contradictions
        );
        if names == Names::Catalogue {
            let expected = [("getty@-service", counts(3, 1, 1)), ("other", counts(0, 0, 1))];
            assert_eq!(
                of_summary.units,
                expected.map(|(name, counts)| (name.to_owned(), counts)).into()
            );
            assert_eq!(of_summary.nodes_unreachable, 1);
        }
    }
}

#[test]
fn a_summary_stays_bounded() {
    let counts = json!({"total": 1, "unhealthy": 0, "unknown": 0});
    let units: serde_json::Map<_, _> = (0..MAX_UNITS + 50)
        .map(|i| (format!("u{i}"), counts.clone()))
        .collect();
    let catalogue = Catalogue::new(Names::All, vec![]);
    let tally = read_summary(json!({ "units": units }).to_string().as_bytes(), &catalogue).unwrap();
    assert_eq!(tally.units.len(), MAX_UNITS + 1);
    assert_eq!(tally.units[OTHER].total, 50);

    let twice = r#"{"units": {"a": {"total": 1, "unhealthy": 0, "unknown": 0}, "a": {"total": 1, "unhealthy": 0, "unknown": 0},
        "b": {"total": 18446744073709551615, "unhealthy": 0, "unknown": 0}}}"#;
    let tally = read_summary(twice.as_bytes(), &catalogue).unwrap();
    assert_eq!((tally.units.len(), tally.issues.count()), (1, 2));
}
