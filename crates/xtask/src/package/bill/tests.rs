use serde_json::{Value, json};

use super::*;

/// As `auditable2cdx` writes it.
fn list() -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.3",
        "metadata": {"component": {"type": "application", "bom-ref": "1", "name": "ours", "version": "0.1.0",
            "purl": "pkg:cargo/ours@0.1.0&download_url=redacted"}},
        "components": [{"type": "library", "bom-ref": "0", "name": "theirs", "version": "1.2.3", "purl": "pkg:cargo/theirs@1.2.3"}],
        "dependencies": [{"ref": "0"}, {"ref": "1", "dependsOn": ["0"]}],
    })
}

fn crates() -> Crates {
    let of = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    let known = [
        (of("ours", "0.1.0"), (Some("Apache-2.0".to_owned()), None)),
        (of("theirs", "1.2.3"), (Some(expression("MIT/Apache-2.0")), None)),
    ];
    let mut crates = Crates {
        known: known.into_iter().collect(),
    };
    crates.add_checksums(
        "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"theirs\"\nversion = \"1.2.3\"\n\
         source = \"registry\"\nchecksum = \"abc\"\n",
    );
    crates
}

#[test]
fn a_list_becomes_a_bill() {
    let mut bill = list();
    complete(&mut bill, &crates(), "def").unwrap();
    check(&bill).unwrap();
    let program = &bill["metadata"]["component"];
    assert_eq!(program["purl"], "pkg:cargo/ours@0.1.0");
    assert_eq!(program["hashes"], json!([{"alg": "SHA-256", "content": "def"}]));
    let part = &bill["components"][0];
    assert_eq!(part["licenses"], json!([{"expression": "MIT OR Apache-2.0"}]));
    assert_eq!(part["hashes"][0]["content"], "abc");
    assert_eq!(bill["version"], 1);
}

#[test]
fn a_bill_that_readers_could_not_use_is_none() {
    let mut whole = list();
    complete(&mut whole, &crates(), "def").unwrap();
    for (pointer, value, says) in [
        ("/bomFormat", json!("SPDX"), "bomFormat"),
        ("/metadata/component/type", json!("library"), "no program"),
        ("/components/0/licenses", Value::Null, "without licenses"),
        ("/components/0/bom-ref", json!("1"), "two components"),
        ("/components", json!([]), "made of nothing"),
        ("/dependencies/1/dependsOn/0", json!("7"), "is no component"),
    ] {
        let mut bill = whole.clone();
        *bill.pointer_mut(pointer).unwrap() = value;
        let error = check(&bill).unwrap_err().to_string();
        assert!(error.contains(says), "{pointer}: {error}");
    }
}

/// All that is written down of our crates is known for each of them: a crate without a licence would have no bill.
#[test]
fn cargo_knows_what_a_bill_needs() {
    let crates = Crates::of(&Workshop::here().unwrap()).unwrap();
    assert!(crates.known.len() > 100, "{}", crates.known.len());
    for ((name, version), (license, checksum)) in &crates.known {
        assert!(license.is_some(), "{name} {version} names no licence");
        let is_ours = name.starts_with("heliograph-") || name == "xtask";
        assert_eq!(checksum.is_none(), is_ours, "{name} {version}");
    }
}
