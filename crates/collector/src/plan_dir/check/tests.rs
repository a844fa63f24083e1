//! What is wrong is told, with its place.

use super::super::load;
use super::*;

fn loaded(files: &[(&str, &str)]) -> Result<Vec<Declared>, String> {
    let dir = tempfile::TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    load(dir.path(), Plan::built_in()).map_err(|error| {
        error
            .to_string()
            .replace(&format!("{}/", dir.path().display()), "")
    })
}

fn event(name: &str, properties: &str) -> String {
    format!("[[event]]\nname = \"{name}\"\ndescription = \"It.\"\n{properties}")
}

fn property(name: &str, more: &str) -> String {
    format!("[[event.property]]\nname = \"{name}\"\ndescription = \"It.\"\n{more}\n")
}

#[test]
fn events_are_declared_in_any_number_of_files() {
    let rating = property(
        "rating",
        "type = \"string\"\nvalues = [\"good\", \"bad\"]\nbreakdown = true",
    );
    let seats = property("seats", "type = \"integer\"\nunit = \"seats\"\nrequired = true");
    let declared = loaded(&[
        ("b.toml", &event("Order Completed", &[seats, rating].concat())),
        (
            "a.toml",
            &[event("é", "keys = [\"ui\", \"server\"]\n"), event("y", "")].concat(),
        ),
        (".hidden.toml", "="),
        ("README.md", "="),
        ("a.toml~", "="),
    ])
    .unwrap();
    let told: Vec<_> = declared
        .iter()
        .map(|event| (event.name.as_str(), event.keys.len(), event.properties.len()))
        .collect();
    assert_eq!(told, [("é", 2, 0), ("y", 3, 0), ("Order Completed", 3, 2)]);
    assert_eq!(declared[2].breakdown, ["rating"]);
    assert_eq!(declared[2].properties[0].presence, Presence::Always);
    assert!(loaded(&[("empty.toml", "")]).unwrap().is_empty());
}

#[test]
fn what_can_not_be_meant_is_told_with_its_place() {
    let string = "type = \"string\"";
    let many = |count: usize, more: &str| {
        let all: Vec<String> = (0..count)
            .map(|number| property(&format!("p{number}"), more))
            .collect();
        event("e", &all.concat())
    };
    for (text, expected) in [
        (
            event("health", ""),
            "a.toml, line 2: the event \"health\" is the telemetry plan's: give yours another name",
        ),
        (
            event("e", &property("clusterId", string)),
            "a.toml, line 5: the property \"clusterId\" is the telemetry plan's",
        ),
        (
            event("e", &[property("a", string), property("a", string)].concat()),
            "a.toml, line 9: the event \"e\" has two properties \"a\"",
        ),
        (
            [event("e", ""), event("e", "")].concat(),
            "a.toml, line 5: the event \"e\" is declared in a.toml, line 2, too",
        ),
        (
            event("a<b>", ""),
            "a.toml, line 2: an event can't be called \"a<b>\": a name has no '<' in it",
        ),
        (event(" e", ""), "a.toml, line 2: an event can't be called \" e\""),
        (
            event(&"x".repeat(61), ""),
            "a.toml, line 2: an event can't be called",
        ),
        (
            event("e", &property("a\\u001fb", string)),
            "a.toml, line 5: a property of \"e\" can't be called",
        ),
        (
            event("e", "keys = [\"server\",\n\"peer\"]\n"),
            "a.toml, line 5: there is no kind of key \"peer\" here: use cluster, server, ui",
        ),
        (
            event("e", "keys = []\n"),
            "a.toml, line 2: the event \"e\" may come with no key",
        ),
        (
            event("e", &property("a", "type = \"integer\"\nvalues = [\"1\"]")),
            "a.toml, line 5: the property \"a\" has `values`, which only a string can have",
        ),
        (
            event("e", &property("a", "type = \"string\"\nvalues = [\"\"]")),
            "a.toml, line 5: the property \"a\" can't have the value \"\"",
        ),
        (
            event("e", &property("a", "type = \"names\"\nbreakdown = true")),
            "a.toml, line 5: the property \"a\" can't have `breakdown`",
        ),
        (
            many(17, "type = \"string\"\nbreakdown = true"),
            "a.toml, line 2: 17 properties of the event \"e\" have `breakdown = true`, of 16 at most",
        ),
        (
            many(201, string),
            "a.toml, line 2: the event \"e\" has 201 properties",
        ),
        (
            (0..501).map(|number| event(&format!("e{number}"), "")).collect(),
            "a.toml, line 1502: \"e500\" is one more than 500 events",
        ),
    ] {
        let error = loaded(&[("a.toml", &text)]).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    for (text, expected) in [
        (
            event("e", &property("a", "type = \"date\"")),
            "unknown variant `date`",
        ),
        (event("e", "colour = 1\n"), "unknown field `colour`"),
        (event("e", &property("a", "")), "missing field `type`"),
        ("= 1".to_owned(), "line 1"),
        ("x".repeat((1 << 20) + 1), "larger than 1048576 bytes: split it"),
    ] {
        let error = loaded(&[("a.toml", &text)]).unwrap_err();
        assert!(error.contains(expected) && error.contains("a.toml"), "{error}");
    }
    let twice = loaded(&[("a.toml", &event("e", "")), ("b.toml", &event("e", ""))]).unwrap_err();
    assert!(
        twice.starts_with("b.toml, line 2:") && twice.contains("a.toml, line 2"),
        "{twice}"
    );
    let files: Vec<(String, &str)> = (0..101).map(|number| (format!("{number}.toml"), "")).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert!(loaded(&files).unwrap_err().contains("101 files, of 100 at most"));
    assert!(load(Path::new("/nowhere"), Plan::built_in()).is_err());
}
