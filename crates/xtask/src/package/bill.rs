//! A program's bill of materials, in CycloneDX' form: what it is made of, by name, version, licence and checksum.
//!
//! What is in the program is what the program says: `cargo auditable` puts the list into it (the section `.dep-v0`), and
//! `auditable2cdx` reads it back. Licences come from cargo, checksums from `Cargo.lock`. No moment and no random number is in it, so
//! the same program has the same bill.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::Workshop;
use crate::digest;
use crate::run::output;

/// What cargo knows of a crate that programs don't say.
#[derive(Default)]
pub(super) struct Crates {
    /// By name and version: licence, and the checksum of what the registry has.
    known: BTreeMap<(String, String), (Option<String>, Option<String>)>,
}

impl Crates {
    /// Those of a workshop.
    pub(super) fn of(workshop: &Workshop) -> anyhow::Result<Crates> {
        let words = ["metadata", "--format-version=1", "--locked"];
        let metadata = output(&mut workshop.command(crate::run::CARGO, &words))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let root = metadata["workspace_root"]
            .as_str()
            .context("cargo metadata names no root")?;
        let lock = std::fs::read_to_string(Path::new(root).join("Cargo.lock"))?;
        let mut known = BTreeMap::new();
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
            let license = package["license"].as_str().map(expression);
            known.insert((text("name"), text("version")), (license, None));
        }
        let mut crates = Crates { known };
        crates.add_checksums(&lock);
        Ok(crates)
    }

    /// From the blocks of a lock file.
    fn add_checksums(&mut self, lock: &str) {
        for block in lock.split("[[package]]").skip(1) {
            let value = |name: &str| {
                let mut lines = block.lines();
                let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
                value
                    .and_then(|value| value.strip_suffix('"'))
                    .unwrap_or_default()
            };
            let checksum = value("checksum");
            let of = (value("name").to_owned(), value("version").to_owned());
            if let (Some(entry), false) = (self.known.get_mut(&of), checksum.is_empty()) {
                entry.1 = Some(checksum.to_owned());
            }
        }
    }
}

/// What older crates write as `MIT/Apache-2.0`.
fn expression(license: &str) -> String {
    license.replace('/', " OR ")
}

/// The bill of a program, which must hold its list.
pub(super) fn bill(reader: &Path, program: &Path, crates: &Crates) -> anyhow::Result<String> {
    let list = output(Command::new(reader).arg(program))
        .with_context(|| format!("{} holds no list of what it is made of", program.display()))?;
    let mut bill: Value = serde_json::from_str(&list)?;
    complete(&mut bill, crates, &digest::of(program)?)?;
    check(&bill)?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&bill)?))
}

/// Adds what the list has not got.
fn complete(bill: &mut Value, crates: &Crates, digest: &str) -> anyhow::Result<()> {
    bill["version"] = 1.into();
    let program = &mut bill["metadata"]["component"];
    describe(program, crates);
    program["hashes"] = json!([{"alg": "SHA-256", "content": digest}]);
    let components = bill["components"]
        .as_array_mut()
        .context("it has no components")?;
    for component in components {
        describe(component, crates);
    }
    Ok(())
}

fn describe(component: &mut Value, crates: &Crates) {
    let text = |name: &str| component[name].as_str().unwrap_or_default().to_owned();
    let of = (text("name"), text("version"));
    // Of what is not from the registry the reader writes where it is from, in a form that is none.
    if let Some((purl, _)) = text("purl").split_once('&') {
        component["purl"] = purl.into();
    }
    let Some((license, checksum)) = crates.known.get(&of) else {
        return;
    };
    if let Some(license) = license {
        component["licenses"] = json!([{"expression": license}]);
    }
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
}

/// What a reader of bills relies on.
fn check(bill: &Value) -> anyhow::Result<()> {
    ensure!(
        bill["bomFormat"] == "CycloneDX",
        "bomFormat is {}",
        bill["bomFormat"]
    );
    ensure!(
        bill["specVersion"].is_string(),
        "it names no version of CycloneDX"
    );
    let program = &bill["metadata"]["component"];
    ensure!(program["type"] == "application", "no program is named");
    let mut references = BTreeMap::new();
    for component in bill["components"]
        .as_array()
        .into_iter()
        .flatten()
        .chain([program])
    {
        for name in ["type", "name", "version", "purl", "bom-ref", "licenses"] {
            ensure!(
                !component[name].is_null(),
                "{}: without {name}",
                component["name"]
            );
        }
        let reference = component["bom-ref"].as_str().unwrap_or_default();
        if references.insert(reference, component).is_some() {
            bail!("two components are called {reference}");
        }
    }
    ensure!(references.len() > 1, "it is made of nothing");
    for dependency in bill["dependencies"].as_array().into_iter().flatten() {
        let on = dependency["dependsOn"].as_array().into_iter().flatten();
        for reference in on.chain([&dependency["ref"]]) {
            let reference = reference.as_str().unwrap_or_default();
            ensure!(
                references.contains_key(reference),
                "{reference:?} is no component"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
