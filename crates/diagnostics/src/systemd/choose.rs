//! Which units a selection means, on this machine now.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zbus::Variant;

use super::bus::{Bus, BusError, PROPERTIES};
use super::path;
use super::properties::Properties;
use super::signals::UNIT;
use super::{Setup, wants};
use crate::selection::{Choice, DEFAULT_TARGET, Why};
use crate::unit::{LoadState, UnitName};

/// Most units that are looked at; of more, the first by name.
const MAX_UNITS: usize = 1024;

/// States of unit files that are started with the machine.
const ENABLED: &[&str] = &["enabled", "enabled-runtime"];
/// And the state of templates of which only some instances are.
const FILE_STATES: &[&str] = &["enabled", "enabled-runtime", "indirect"];

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

/// The units of a selection, and why each is looked at.
pub(super) async fn choose(bus: &Bus, setup: &Setup) -> Result<BTreeMap<UnitName, Why>, BusError> {
    let Setup {
        selection, unit_path, ..
    } = setup;
    let mut found = Vec::new();
    let mut asked = Vec::new();
    if selection.choices.is_empty() {
        let wanted = match DEFAULT_TARGET.parse() {
            Ok(target) => wanted(bus, &target, unit_path).await?,
            Err(_) => None,
        };
        match wanted {
            Some(wanted) => asked.extend(wanted),
            None => found.extend(enabled(bus, "*.service").await?),
        }
    }
    for choice in &selection.choices {
        match choice {
            Choice::Unit(name) => asked.push(name.clone()),
            Choice::Target(name) => asked.extend(wanted(bus, name, unit_path).await?.into_iter().flatten()),
            Choice::Pattern(pattern) => {
                found.extend(loaded(bus, pattern.as_str()).await?);
                found.extend(enabled(bus, pattern.as_str()).await?);
            }
        }
    }
    let mut units: BTreeMap<UnitName, Why> = found.into_iter().map(|name| (name, Why::Found)).collect();
    units.extend(asked.into_iter().map(|name| (name, Why::Asked)));
    units.retain(|name, _| selection.admits(name));
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
    let properties: Properties = answer
        .body()
        .deserialize()
        .map_err(|error| BusError::refused("GetAll", &error))?;
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
    let no_states: &[&str] = &[];
    let patterns: &[&str] = &[pattern];
    bus.ask_manager("ListUnitsByPatterns", &(no_states, patterns), |body| {
        let units: Vec<Listed<'_>> = body.deserialize()?;
        Ok(units
            .into_iter()
            .filter(|(_, _, load, ..)| LoadState::of(load) != LoadState::NotFound)
            .filter_map(|(name, ..)| name.parse().ok())
            .collect())
    })
    .await
}

/// The units that fit and are started with the machine; of templates, their loaded instances that are.
async fn enabled(bus: &Bus, pattern: &str) -> Result<Vec<UnitName>, BusError> {
    let patterns: &[&str] = &[pattern];
    let mut templates = Vec::new();
    let mut units: Vec<UnitName> = bus
        .ask_manager("ListUnitFilesByPatterns", &(FILE_STATES, patterns), |body| {
            let files: Vec<(&str, &str)> = body.deserialize()?;
            let mut units = Vec::new();
            for (path, state) in files {
                let name = path.rsplit('/').next().unwrap_or(path);
                match name.split_once("@.") {
                    Some((stem, suffix)) => templates.push(format!("{stem}@*.{suffix}")),
                    None if ENABLED.contains(&state) => units.extend(name.parse()),
                    None => {}
                }
            }
            Ok(units)
        })
        .await?;
    for template in templates {
        for instance in loaded(bus, &template).await? {
            if is_enabled(bus, &instance).await? {
                units.push(instance);
            }
        }
    }
    Ok(units)
}

async fn is_enabled(bus: &Bus, name: &UnitName) -> Result<bool, BusError> {
    let answer = bus
        .ask(&path::of(name), PROPERTIES, "Get", &(UNIT, "UnitFileState"))
        .await?;
    let body = answer.body();
    let state: Variant<'_> = body
        .deserialize()
        .map_err(|error| BusError::refused("Get", &error))?;
    Ok(<&str>::try_from(&state).is_ok_and(|state| ENABLED.contains(&state)))
}
