//! `explain`: is it on, who decided, what would be sent, what is held back and why, when the next report is due. Opens no socket.

use std::collections::BTreeSet;
use std::io::Write;

use heliograph_wire::plan::{Event, Plan, Property};

use super::Error;
use crate::attempt::Attempt;
use crate::cluster_id;
use crate::config::Config;
use crate::consent::{Consent, FILE, Said};
use crate::cycle::Cycle;
use crate::gate::{Decision, Meaning, Statement, forbids};
use crate::spread;
use crate::state::{State, UI_KEY};

/// Writes the explanation.
///
/// # Errors
/// Consent can't be read.
pub fn explain(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let decision = cycle.decide()?;
    match &decision {
        Decision::On(why) => writeln!(out, "Telemetry is ON: {why}.")?,
        Decision::Off(why) => writeln!(out, "Telemetry is OFF: {why}.")?,
        Decision::NotUnderstood(why) => writeln!(out, "Telemetry is OFF: {why}.")?,
        Decision::Notice { until: Some(until) } => writeln!(
            out,
            "Telemetry WILL BE ON from {until:.0}: nobody said on or off yet. Until then nothing is collected or sent."
        )?,
        Decision::Notice { until: None } => writeln!(
            out,
            "Telemetry is NOT ON YET: the first report shows a notice, and {} s later telemetry begins unless somebody says off.",
            cycle.config.notice_period.as_secs()
        )?,
    }
    voices(cycle, out)?;
    destination(cycle, out)?;
    properties(cycle.config, out)?;
    if matches!(decision, Decision::On(_)) {
        due(cycle, out)?;
    }
    Ok(())
}

fn voices(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    writeln!(out, "\nWhat was said, the first that says something decides:")?;
    let mut line = |who: &str, what: &str| writeln!(out, "  {who:<44} {what}");
    let do_not_track = cycle.environment.get("DO_NOT_TRACK");
    line(
        "DO_NOT_TRACK in the environment",
        do_not_track.map_or(
            "not set",
            |value| if forbids(value) { "off" } else { "says nothing" },
        ),
    )?;
    let path = cycle.state_path().join(FILE);
    let consent = Consent::read(&cycle.state_path())?;
    line(
        &format!("opt-out ({})", path.display()),
        if consent.said == Some(Said::OptOut) {
            "off"
        } else {
            "not said"
        },
    )?;
    statements(
        &cycle.config.statements,
        "enabled in the configuration",
        &mut line,
    )?;
    statements(&cycle.config.packager, "enabled by the packager", &mut line)?;
    line(
        "opt-in",
        if consent.said == Some(Said::OptIn) {
            "on"
        } else {
            "not said"
        },
    )?;
    let noticed = consent
        .noticed
        .map_or("not shown yet".to_owned(), |at| format!("shown on {at:.0}"));
    line("notice", &noticed)?;
    writeln!(
        out,
        "\nThis is this host's answer. The cluster's other masters have their own: they need the same configuration, or copies of"
    )?;
    writeln!(
        out,
        "{} and of the cluster id; and, to give a user of the web UI the same hash everywhere, of",
        path.display()
    )?;
    writeln!(out, "{}.", cycle.state_path().join(UI_KEY).display())?;
    Ok(())
}

fn statements(
    statements: &[Statement],
    who: &str,
    line: &mut impl FnMut(&str, &str) -> std::io::Result<()>,
) -> std::io::Result<()> {
    if statements.is_empty() {
        return line(who, "not said");
    }
    for statement in statements {
        let meaning = match statement.meaning() {
            Meaning::On => "on",
            Meaning::Off => "off",
            Meaning::NotUnderstood => "not understood, so off",
        };
        line(&format!("{} = {}", statement.origin, statement.value), meaning)?;
    }
    Ok(())
}

fn destination(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let config = cycle.config;
    writeln!(out, "\nWhere it goes:  {}", config.sink)?;
    writeln!(
        out,
        "Where it waits: {}",
        cycle.state_path().join("spool").display()
    )?;
    writeln!(
        out,
        "What was sent:  {} (heliograph-signal log)",
        cycle.state_path().join("ledger").display()
    )?;
    Ok(())
}

fn properties(config: &Config, out: &mut dyn Write) -> Result<(), Error> {
    let plan = Plan::built_in();
    writeln!(out, "\nWhat is sent (plan {}):", plan.version)?;
    let user = config.selection.admits_user() && config.customer_key.is_some();
    for property in plan
        .envelope
        .iter()
        .filter(|property| property.name != "userId" || user)
    {
        sent(property, out)?;
    }
    writeln!(out, "\n every event")?;
    for property in plan
        .common
        .iter()
        .filter(|property| config.selection.admits(&property.name, property))
    {
        sent(property, out)?;
    }
    for event in &plan.events {
        if source_off(event, config).is_none() {
            writeln!(out, "\n {}", event.name)?;
            for property in event
                .properties
                .iter()
                .filter(|property| config.selection.admits(&property.name, property))
            {
                sent(property, out)?;
            }
        }
    }
    if config.selection.admits_ui() {
        of_the_ui(config, out)?;
    }
    writeln!(out, "\nWhat is held back:")?;
    if !config.selection.admits_ui() {
        writeln!(out, "  {:<34} by level or omit", "messages of the web UI")?;
    }
    for event in &plan.events {
        if let Some(why) = source_off(event, config) {
            writeln!(out, "  {:<34} {why}", event.name)?;
        }
    }
    let own = plan
        .events
        .iter()
        .filter(|event| source_off(event, config).is_none())
        .flat_map(|event| &event.properties);
    for property in plan
        .common
        .iter()
        .chain(own)
        .filter(|property| !config.selection.admits(&property.name, property))
    {
        let why = if property.level > config.selection.level {
            "by level"
        } else {
            "by omit"
        };
        writeln!(out, "  {:<34} {why}", property.name)?;
    }
    if config.selection.admits_ui() {
        held_back_of_the_ui(config, out)?;
    }
    if config.names == heliograph_wire::catalogue::Names::Catalogue {
        writeln!(
            out,
            "  {:<34} by names = \"catalogue\"; they are sent as \"other\"",
            "names that are not public"
        )?;
    }
    writeln!(out, "  {:<34} always: it is not in the plan", "everything else")?;
    Ok(())
}

/// What the relay hands over, where one runs.
fn of_the_ui(config: &Config, out: &mut dyn Write) -> std::io::Result<()> {
    let ui = &Plan::built_in().ui;
    let admitted = |property: &&Property| config.selection.admits(&property.name, property);
    writeln!(
        out,
        "\n of the web UI, where heliograph-relay runs; with the properties of every event"
    )?;
    let always = ui.envelope.iter().filter(|property| property.name != "userId");
    let user = ui.envelope.iter().filter(|property| property.name == "userId");
    for property in always.chain(user).chain(&ui.relay).filter(admitted) {
        sent(property, out)?;
    }
    let messages = ui.calls.iter().chain(&ui.events);
    for message in messages.filter(|message| config.selection.admits_message(message)) {
        let asked = if message.opt_in {
            " (only with errors = true in the relay)"
        } else {
            ""
        };
        writeln!(out, "\n {}{asked}: {}", message.name, message.description)?;
        for property in message.properties.iter().filter(admitted) {
            sent(property, out)?;
        }
    }
    Ok(())
}

/// What the operator leaves out of it.
fn held_back_of_the_ui(config: &Config, out: &mut dyn Write) -> std::io::Result<()> {
    let ui = &Plan::built_in().ui;
    let (left, omitted): (Vec<_>, Vec<_>) = ui
        .calls
        .iter()
        .chain(&ui.events)
        .partition(|message| config.selection.admits_message(message));
    let own = left.iter().flat_map(|message| &message.properties);
    let properties = ui.envelope.iter().chain(&ui.relay).chain(own);
    let properties = properties.filter(|property| !config.selection.admits(&property.name, property));
    let names: BTreeSet<_> = omitted
        .into_iter()
        .map(|message| &message.name)
        .chain(properties.map(|property| &property.name))
        .collect();
    for name in names {
        writeln!(out, "  {name:<34} by omit, of the web UI")?;
    }
    Ok(())
}

fn sent(property: &Property, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "  {:<34} {}", property.name, property.description)
}

/// Why an event is not made at all.
fn source_off(event: &Event, config: &Config) -> Option<&'static str> {
    let on = match event.name.as_str() {
        "health" => !config.diagnostics_urls.is_empty(),
        "mesos_track" => !config.mesos_urls.is_empty(),
        "package_list" => !config.cosmos_urls.is_empty(),
        _ => true,
    };
    if !on {
        Some("its source is off: no URL is configured")
    } else if !config.selection.admits_event(&event.name) {
        Some("by level or omit")
    } else {
        None
    }
}

fn due(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    match cluster_id::find_without_making(cycle.config) {
        Ok(Some(cluster)) => {
            let path = cycle.state_path();
            let reported = if path.exists() {
                Attempt::read(&State::open(path)?).hour
            } else {
                None
            };
            let due = spread::next_due(&cluster, cycle.clock.now(), reported);
            writeln!(
                out,
                "\nNext report: {due:.0}, where a timer or `run` asks for it; `heliograph-signal report` goes at once."
            )?;
        }
        Ok(None) => writeln!(out, "\nNext report: there is no cluster id yet.")?,
        Err(error) => writeln!(out, "\nNext report: not before this is mended: {error}")?,
    }
    Ok(())
}
