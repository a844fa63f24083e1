//! The data dictionary: the plan as a page for readers, section by section like the seed's.

use std::fmt::Write as _;

use crate::plan::{Kind, Level, Plan, Presence, Property, Sensitivity};

/// The page, as Markdown.
pub fn render(plan: &Plan) -> String {
    let mut page = String::new();
    page.push_str("# Data dictionary\n\n");
    page.push_str("Every event and property that Heliograph may collect. Nothing else leaves a cluster.\n");
    let _ = writeln!(
        page,
        "This page is generated from `plan/telemetry-plan.toml`, version {}: `cargo xtask docs`.\n",
        plan.version
    );
    page.push_str("Sensitivity: *operational* says how the cluster fares, of nobody in particular; *pseudonymous* singles out one installation, without saying whose; *identifying* tells the vendor whose it is.\nLevel: with `level = \"health\"` only properties of that level are sent.\n");

    section(
        &mut page,
        "Every message",
        "What a message carries beside its properties.",
        &plan.envelope,
    );
    section(
        &mut page,
        "Core telemetry",
        "Properties of every event of a cluster.",
        &plan.common,
    );
    for event in &plan.events {
        let title = format!("{} (`{}`)", event.title, event.name);
        section(&mut page, &title, &event.description, &event.properties);
    }

    user_interface(&mut page, plan);

    for property in plan.common.iter().filter(|property| property.values.len() > 1) {
        let _ = writeln!(page, "\n## Values of `{}`\n", property.name);
        page.push_str("| value | also written |\n|---|---|\n");
        for value in &property.values {
            let aliases: Vec<_> = property
                .aliases
                .iter()
                .filter(|(_, of)| *of == value)
                .map(|(alias, _)| format!("`{alias}`"))
                .collect();
            let rest = if property.otherwise.as_ref() == Some(value) {
                "everything else"
            } else {
                ""
            };
            let _ = writeln!(page, "| `{value}` | {}{rest} |", aliases.join(", "));
        }
    }
    page
}

fn user_interface(page: &mut String, plan: &Plan) {
    section(
        page,
        "User interface telemetry",
        "What every message of a browser carries. On its way through the relay a message gets the properties of every event, and `context.reporter`, as above.",
        &[&plan.ui.envelope[..], &plan.ui.relay[..]].concat(),
    );
    section(
        page,
        "Every page view, log-in and event",
        "Properties of all of them; of a log-in they stand among the traits.",
        &plan.ui.common,
    );
    for event in plan.ui.calls.iter().chain(&plan.ui.events) {
        let title = format!("{} (`{}`)", event.title, event.name);
        let mut description = event.description.clone();
        if event.opt_in {
            description.push_str(" Off unless it was switched on.");
        }
        if event.properties.is_empty() {
            let _ = writeln!(page, "\n## {title}\n\n{description}");
        } else {
            section(page, &title, &description, &event.properties);
        }
    }
}

fn section(page: &mut String, title: &str, description: &str, properties: &[Property]) {
    let _ = writeln!(page, "\n## {title}\n\n{description}\n");
    page.push_str("| property | type | what it tells | source | there | sensitivity | level | since |\n|---|---|---|---|---|---|---|---|\n");
    for property in properties {
        let example = property
            .example
            .as_ref()
            .map_or(String::new(), |example| format!(" Example: `{example}`."));
        let _ = writeln!(
            page,
            "| `{}` | {} | {}{} | {} | {} | {} | {} | {} |",
            property.name,
            type_of(property),
            property.description,
            example,
            property.source,
            presence(property.presence),
            sensitivity(property.sensitivity),
            level(property.level),
            property.since,
        );
    }
}

fn type_of(property: &Property) -> String {
    let kind = match property.kind {
        Kind::String => "text",
        Kind::Integer => "whole number",
        Kind::Number => "number",
        Kind::Boolean => "true or false",
        Kind::Names => "list of `{\"name\": …}`",
    };
    property
        .unit
        .as_ref()
        .map_or_else(|| kind.to_owned(), |unit| format!("{kind}, {unit}"))
}

fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Always => "always",
        Presence::WhenSet => "when configured",
        Presence::WhenKnown => "when the source told it",
        Presence::WhenAny => "when there are any",
    }
}

fn sensitivity(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Operational => "operational",
        Sensitivity::Pseudonymous => "pseudonymous",
        Sensitivity::Identifying => "identifying",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Health => "health",
        Level::Standard => "standard",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_page_is_fresh() {
        let committed = include_str!("../../../docs/data-dictionary.md");
        assert_eq!(
            committed,
            render(Plan::built_in()),
            "docs/data-dictionary.md is stale: run `cargo xtask docs`"
        );
    }
}
