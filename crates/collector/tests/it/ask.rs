//! `ask` on the command line, beside a running server.

use std::process::Output;

use heliograph_collector::question;
use serde_json::Value;

use crate::api::Asked;
use crate::collector::run;

const DAYS: [&str; 2] = ["--from=2025-03-01", "--to=2025-03-03"];

fn ask(asked: &Asked, arguments: &[&str]) -> Output {
    run(asked.collector.data(), &[&["ask"], arguments].concat())
}

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn questions_are_listed_and_each_is_answered() {
    let asked = Asked::start();
    let list = printed(ask(&asked, &[]));
    for known in question::ALL {
        assert!(list.contains(known.name) && list.contains(known.about), "{list}");
        let output = ask(&asked, &[&[known.name], &DAYS[..]].concat());
        if output.status.success() {
            let table = printed(output);
            assert!(table.contains("\n3 days, 2025-03-01 to 2025-03-03; "), "{table}");
        } else {
            // It needs to be told more.
            assert_eq!(output.status.code(), Some(1), "{output:?}");
        }
    }
    assert!(list.contains("\n  --from") && list.contains("--unit"));
}

#[test]
fn a_table_is_for_people_and_the_rest_for_tools() {
    let asked = Asked::start();
    let question = "component-reliability";
    let table = printed(ask(&asked, &[&[question], &DAYS[..], &["--limit", "1"]].concat()));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[0],
        "UNIT  START       GROUP  OBSERVED  UNHEALTHY  UNKNOWN   SHARE  INSTALLATIONS  AFFECTED"
    );
    assert_eq!(
        lines[1],
        "a,b   2025-03-01  -           252          9        0  3.57 %              7         1"
    );
    assert_eq!(&lines[2..4], ["(1 of 2 rows)", ""]);
    assert_eq!(lines[4], "3 days, 2025-03-01 to 2025-03-03; 7 installations");
    assert_eq!(
        lines[5],
        "total: observed 378, unhealthy 9, unknown 63, share 2.38 %, units 2"
    );

    let json = printed(ask(
        &asked,
        &[&[question], &DAYS[..], &["--format", "json", "--unit", "c"]].concat(),
    ));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["rows"][0]["observed"], &json["count"]),
        (&Value::from(126), &Value::from(1))
    );
    let csv = printed(ask(
        &asked,
        &[
            "active-installations",
            "--to",
            "2025-03-03",
            "--format=csv",
            "--version=1.9",
            "--version",
            "1.10",
            "--per",
            "all",
        ],
    ));
    assert_eq!(
        csv,
        "start,group,installations,share\n2025-02-02,1.9,3,0.6\n2025-02-02,1.10,2,0.4\n"
    );
}

#[test]
fn which_installations_count_is_told_in_each_form() {
    let asked = Asked::start();
    let few = [&["active-installations"], &DAYS[..], &["--tier", "confirmed"]].concat();
    let table = printed(ask(&asked, &few));
    let told = "3 days, 2025-03-01 to 2025-03-03; 0 installations (tier confirmed), 7 left out";
    assert!(table.contains(told), "{table}");
    let csv = ask(&asked, &[&few[..], &["--format", "csv"]].concat());
    assert_eq!(
        String::from_utf8(csv.stderr.clone()).unwrap(),
        "0 installations (tier confirmed), 7 left out\n"
    );
    assert_eq!(printed(csv), "start,group,installations,share\n");
    let list = printed(ask(&asked, &[]));
    assert!(list.contains("  only --from --to --per\n"), "{list}");
}

#[test]
fn what_is_wrong_is_told_in_time() {
    let asked = Asked::start();
    for (arguments, expected) in [
        (
            &["component-reliabilty"][..],
            "did you mean `component-reliability`?",
        ),
        (
            &["active-installations", "--unit", "x"],
            "there is no filter `unit`",
        ),
        (
            &["active-installations", "--from", "soon"],
            "`from` can't be `soon`",
        ),
        (&["active-installations", "--verson", "1"], "--version"),
        (
            &["active-installations", "--format", "xml"],
            "one of json, csv, table",
        ),
        (&["active-installations", "--limit", "many"], "--limit"),
    ] {
        let output = ask(&asked, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    let nowhere = run(
        &asked.collector.data().join("none"),
        &["ask", "active-installations"],
    );
    assert_eq!(nowhere.status.code(), Some(1));
}
