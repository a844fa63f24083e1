//! Which units a selection means, on this machine now.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::bus::{Bus, BusError, PROPERTIES};
use super::path;
use super::properties::Properties;
use super::signals::UNIT;
use super::{Setup, wants};
use crate::selection::{Choice, DEFAULT_TARGET, Pattern};
use crate::unit::{LoadState, UnitName};

/// Most units that are looked at; of more, the first by name.
const MAX_UNITS: usize = 1024;

/// States of unit files that are started with the machine.
const ENABLED: [&str; 2] = ["enabled", "enabled-runtime"];

/// What `ListUnitsByPatterns` says of a unit: name, description, load state, active state, sub state, followed unit, path, job.
type Listed<'a> = (
    &'a str,
    &'a str,
    &'a str,
    &'a str,
    &'a str,
    &'a str,
    zbus::ObjectPath<'a>,
    u32,
    &'a str,
    zbus::ObjectPath<'a>,
);

/// The units of a selection.
pub(super) async fn choose(bus: &Bus, setup: &Setup) -> Result<BTreeSet<UnitName>, BusError> {
    let Setup {
        selection, unit_path, ..
    } = setup;
    let mut units = BTreeSet::new();
    if selection.choices.is_empty() {
        let wanted = match DEFAULT_TARGET.parse() {
            Ok(target) => wanted(bus, &target, unit_path).await?,
            Err(_) => None,
        };
        units.extend(match wanted {
            Some(wanted) => wanted,
            None => enabled(bus, "*.service").await?,
        });
    }
    for choice in &selection.choices {
        match choice {
            Choice::Unit(name) => {
                units.insert(name.clone());
            }
            Choice::Target(name) => units.extend(wanted(bus, name, unit_path).await?.into_iter().flatten()),
            Choice::Pattern(pattern) => {
                units.extend(loaded(bus, pattern.as_str()).await?);
                units.extend(enabled(bus, pattern.as_str()).await?);
            }
        }
    }
    units.retain(|name| selection.admits(name));
    if units.len() > MAX_UNITS {
        tracing::warn!("{} units were chosen, {MAX_UNITS} are looked at", units.len());
        units = units.into_iter().take(MAX_UNITS).collect();
    }
    Ok(units)
}

/// What a target wants or requires; `None` when there is no such target.
async fn wanted(
    bus: &Bus,
    target: &UnitName,
    unit_path: &[PathBuf],
) -> Result<Option<Vec<UnitName>>, BusError> {
    let answer = bus.ask(&path::of(target), PROPERTIES, "GetAll", &UNIT).await?;
    let properties: Properties = answer.body().deserialize().map_err(|error| BusError::Refused {
        what: "GetAll",
        error,
    })?;
    if !properties.is_loaded() {
        return Ok(None);
    }
    let names = properties.wants.into_iter().chain(properties.requires).flatten();
    let mut wanted: Vec<UnitName> = names.filter_map(|name| name.parse().ok()).collect();
    wanted.extend(wants::linked(unit_path, target));
    Ok(Some(wanted))
}

/// The loaded units that fit. Those that are only mentioned somewhere are not there, and nobody wants them.
async fn loaded(bus: &Bus, pattern: &str) -> Result<Vec<UnitName>, BusError> {
    let no_states: [&str; 0] = [];
    bus.ask_manager("ListUnitsByPatterns", &(no_states, [pattern]), |body| {
        let units: Vec<Listed<'_>> = body.deserialize()?;
        Ok(units
            .into_iter()
            .filter(|(_, _, load, ..)| LoadState::of(load) != LoadState::NotFound)
            .filter_map(|(name, ..)| name.parse().ok())
            .collect())
    })
    .await
}

/// The units that fit and are started with the machine; of templates, their loaded instances.
async fn enabled(bus: &Bus, pattern: &str) -> Result<Vec<UnitName>, BusError> {
    let mut templates: Vec<Pattern> = Vec::new();
    let mut units: Vec<UnitName> = bus
        .ask_manager("ListUnitFilesByPatterns", &(ENABLED, [pattern]), |body| {
            let files: Vec<(&str, &str)> = body.deserialize()?;
            let names = files.iter().filter_map(|(path, _)| path.rsplit('/').next());
            Ok(names
                .filter(|name| match name.split_once("@.") {
                    Some((stem, suffix)) => {
                        templates.push(Pattern::new(&format!("{stem}@*.{suffix}")));
                        false
                    }
                    None => true,
                })
                .filter_map(|name| name.parse().ok())
                .collect())
        })
        .await?;
    for template in templates {
        units.extend(loaded(bus, template.as_str()).await?);
    }
    Ok(units)
}
