//! `diff OLD`: what this version would send that an earlier one did not, and the other way round; to be read before an upgrade.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;

use heliograph_wire::plan::{Plan, Property};

use super::Error;

/// Compares the built-in plan with an earlier one: the path of its file, or the version of its release.
///
/// # Errors
/// It is neither.
pub fn diff(old: &str, out: &mut dyn Write) -> Result<(), Error> {
    let new = Plan::built_in();
    let (before, name) = match version(old) {
        Some(version) => {
            let all = properties(new).into_iter();
            let old_enough =
                |property: &&Property| self::version(&property.since).is_some_and(|since| since <= version);
            (
                all.filter(|(_, property)| old_enough(property)).collect(),
                format!("version {old}"),
            )
        }
        None => {
            let text = fs::read_to_string(old).map_err(|error| {
                Error::Asked(format!(
                    "{old:?} is neither a version such as 0.1.0 nor the file of a plan: {error}"
                ))
            })?;
            let plan: Plan = text.parse().map_err(|error: toml::de::Error| {
                Error::Asked(format!("{old}: not a plan: {}", error.message()))
            })?;
            // The process ends after this; the plan may live as long.
            let plan: &'static Plan = Box::leak(Box::new(plan));
            (properties(plan), format!("plan {}", plan.version))
        }
    };
    let now = properties(new);
    let only_in = |a: &BTreeMap<String, &'static Property>, b: &BTreeMap<String, &'static Property>| {
        a.iter()
            .filter(|(name, _)| !b.contains_key(*name))
            .map(|(name, property)| (name.clone(), *property))
            .collect::<Vec<_>>()
    };
    list(
        &format!("Sent by {} and not by {name}", env!("CARGO_PKG_VERSION")),
        &only_in(&now, &before),
        out,
    )?;
    list(
        &format!("Sent by {name} and not by {}", env!("CARGO_PKG_VERSION")),
        &only_in(&before, &now),
        out,
    )
}

fn list(title: &str, properties: &[(String, &Property)], out: &mut dyn Write) -> Result<(), Error> {
    writeln!(out, "{title}:")?;
    for (name, property) in properties {
        writeln!(out, "  {name:<40} {}", property.description)?;
    }
    if properties.is_empty() {
        writeln!(out, "  nothing")?;
    }
    Ok(())
}

/// Every property by the event it is of.
fn properties(plan: &Plan) -> BTreeMap<String, &Property> {
    let groups = [
        ("every message", &plan.envelope),
        ("every event", &plan.common),
        ("every message of a browser", &plan.ui.envelope),
        ("every message that the relay passes on", &plan.ui.relay),
        ("everything of a browser", &plan.ui.common),
    ];
    let events = plan.events.iter().chain(&plan.ui.calls).chain(&plan.ui.events);
    let events = events.map(|event| (event.name.as_str(), &event.properties));
    groups
        .into_iter()
        .chain(events)
        .flat_map(|(of, list)| {
            list.iter()
                .map(move |property| (format!("{of}: {}", property.name), property))
        })
        .collect()
}

fn version(text: &str) -> Option<[u64; 3]> {
    let mut numbers = text
        .trim_start_matches('v')
        .splitn(3, '.')
        .map(|number| number.parse().ok());
    Some([
        numbers.next()??,
        numbers.next()??,
        numbers.next().unwrap_or(Some(0))?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(old: &str) -> String {
        let mut out = Vec::new();
        diff(old, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn versions_and_plans_are_compared() {
        assert!(said("0.0.9").contains("  mesos_track: cpu_total "));
        assert_eq!(said(env!("CARGO_PKG_VERSION")).matches("  nothing\n").count(), 2);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.toml");
        fs::write(
            &path,
            heliograph_wire::plan::TEXT.replace("\"cpu_total\"", "\"cpu_sum\""),
        )
        .unwrap();
        let text = said(&path.to_string_lossy());
        let (more, less) = text.split_once("Sent by plan").unwrap();
        assert!(
            more.contains("mesos_track: cpu_total") && less.contains("mesos_track: cpu_sum"),
            "{text}"
        );
        let error = diff("yesterday", &mut Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with("\"yesterday\" is neither a version"), "{error}");
    }
}
