//! All questions, by name.

use super::answer::{Rendered, Shape};
use super::filter::{GROUP, Parameter, SPAN, UNIT};
use super::scope::{AskError, Scope};
use super::{active, reliability};

/// A question that can be asked by name.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub about: &'static str,
    /// The parameters that it takes beside the common ones.
    pub takes: &'static [Parameter],
    /// Asks it.
    pub ask: fn(&Scope<'_>, &Shape) -> Result<Rendered, AskError>,
}

/// All questions.
pub const ALL: &[Asked] = &[
    Asked {
        name: "active-installations",
        about: "How many installations report, over time, by version, provider or variant.",
        takes: &[SPAN, GROUP],
        ask: |scope, shape| Ok(active::ask(scope)?.render(shape)),
    },
    Asked {
        name: "component-reliability",
        about: "How much of the time on nodes each unit was unhealthy, the worst first.",
        takes: &[UNIT, SPAN, GROUP],
        ask: |scope, shape| Ok(reliability::ask(scope)?.render(shape)),
    },
];

/// The question of a name.
pub fn find(name: &str) -> Option<&'static Asked> {
    ALL.iter().find(|asked| asked.name == name)
}
