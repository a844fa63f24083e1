//! All questions, by name.

use heliograph_wire::id::Hour;
use strsim::jaro_winkler;

use super::answer::{Rendered, Schemas, Shape};
use super::filter::{
    COMMON, DAYS_ALONE, EVENT, Filter, FilterError, GROUP, OF_ONE, PROPERTY, Parameter, SEARCH, SPAN, UNIT,
};
use super::scope::{AskError, Scope};
use super::{
    active, breakdown, capacity, installation, installations, pages, popularity, quality, release_health,
    reliability, time_line, ui,
};
use crate::delta::Day;
use crate::token;

/// How alike names must be to be taken for one another, from 0 to 1.
const ALIKE: f64 = 0.75;
/// Most names that are proposed instead of one that there is not.
const PROPOSED: usize = 3;

/// A question that can be asked by name.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub about: &'static str,
    /// Which of the parameters it takes that most questions do.
    pub common: &'static [Parameter],
    /// The parameters that it takes beside them.
    pub takes: &'static [Parameter],
    /// What a token must be for; where the filter names a single cluster, [`token::Scope::Support`] in any case.
    pub scope: token::Scope,
    /// What rows and total are made of.
    pub schemas: fn() -> Schemas,
    /// Asks it.
    pub ask: fn(&Scope<'_>, &Shape) -> Result<Rendered, AskError>,
}

impl Asked {
    /// All parameters that it takes.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> + Clone + use<> {
        self.common.iter().chain(self.takes)
    }

    /// Reads its parameters, as they stand in a URL, at an hour.
    ///
    /// # Errors
    /// When there is no such parameter, or it can't be that.
    pub fn filter<'a>(
        &self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        now: Hour,
    ) -> Result<Filter, FilterError> {
        let today = Day::of(now.start());
        Ok(Filter::of(pairs, self.parameters(), today)?.at(now))
    }
}

/// All questions.
pub const ALL: &[Asked] = &[
    Asked {
        name: "active-installations",
        about: "How many installations report, over time, by version, provider or variant.",
        common: COMMON,
        takes: &[SPAN, GROUP],
        scope: token::Scope::Read,
        schemas: Schemas::of::<active::Row, active::Total>,
        ask: |scope, shape| Ok(active::ask(scope)?.render(shape)),
    },
    Asked {
        name: "component-reliability",
        about: "How much of the time on nodes each unit was unhealthy, the worst first.",
        common: COMMON,
        takes: &[UNIT, SPAN, GROUP],
        scope: token::Scope::Read,
        schemas: Schemas::of::<reliability::Row, reliability::Total>,
        ask: |scope, shape| Ok(reliability::ask(scope)?.render(shape)),
    },
    Asked {
        name: "popularity",
        about: "Which packages and frameworks are installed, on which share of the installations that tell, and the trend.",
        common: COMMON,
        takes: &[SPAN],
        scope: token::Scope::Read,
        schemas: Schemas::of::<popularity::Row, popularity::Total>,
        ask: |scope, shape| Ok(popularity::ask(scope)?.render(shape)),
    },
    Asked {
        name: "breakdown",
        about: "What the properties of events say that are counted by value: how often, and on how many installations. Which there are, where `event` or `property` is not given.",
        common: COMMON,
        takes: &[EVENT, PROPERTY, SPAN],
        scope: token::Scope::Read,
        schemas: Schemas::of::<breakdown::Row, breakdown::Total>,
        ask: |scope, shape| Ok(breakdown::ask(scope)?.render(shape)),
    },
    Asked {
        name: "capacity",
        about: "How much there is of agents, CPUs, memory and disk, how much is in use, and how large installations are.",
        common: COMMON,
        takes: &[SPAN, GROUP],
        scope: token::Scope::Read,
        schemas: Schemas::of::<capacity::Row, capacity::Total>,
        ask: |scope, shape| Ok(capacity::ask(scope)?.render(shape)),
    },
    Asked {
        name: "release-health",
        about: "Did a unit get less reliable in a version than in those before it, or more? Verdicts that stay right under daily looks.",
        common: COMMON,
        takes: &[UNIT],
        scope: token::Scope::Read,
        schemas: Schemas::of::<release_health::Row, release_health::Total>,
        ask: |scope, shape| Ok(release_health::ask(scope)?.render(shape)),
    },
    Asked {
        name: "release-health-installations",
        about: "The installations behind a verdict, of one version and one unit: who upgraded, who they are compared with, who is left out.",
        common: COMMON,
        takes: &[UNIT],
        scope: token::Scope::Support,
        schemas: Schemas::of::<release_health::InstallationRow, release_health::InstallationTotal>,
        ask: |scope, shape| Ok(release_health::ask_installations(scope)?.render(shape)),
    },
    Asked {
        name: "installation-reliability",
        about: "Of how many installations all units were healthy within a day of the first report, and of each change of version.",
        common: COMMON,
        takes: &[],
        scope: token::Scope::Read,
        schemas: Schemas::of::<installation::Row, installation::Total>,
        ask: |scope, shape| Ok(installation::ask(scope)?.render(shape)),
    },
    Asked {
        name: "installations",
        about: "Installations one by one, or those that are found by a cluster id, a customer key or a licence id.",
        common: COMMON,
        takes: &[SEARCH],
        scope: token::Scope::Support,
        schemas: Schemas::of::<installations::Row, installations::Total>,
        ask: |scope, shape| Ok(installations::ask(scope)?.render(shape)),
    },
    Asked {
        name: "time-line",
        about: "One cluster's versions, health of units, capacity, packages and missing reports, in the order of time.",
        common: OF_ONE,
        takes: &[SEARCH],
        scope: token::Scope::Support,
        schemas: Schemas::of::<time_line::Row, time_line::Total>,
        ask: |scope, shape| Ok(time_line::ask(scope)?.render(shape)),
    },
    Asked {
        name: "ui-use",
        about: "Log-ins, users and page views of the UI, over time.",
        common: COMMON,
        takes: &[SPAN, GROUP],
        scope: token::Scope::Read,
        schemas: Schemas::of::<ui::Row, ui::Total>,
        ask: |scope, shape| Ok(ui::ask(scope)?.render(shape)),
    },
    Asked {
        name: "ui-pages",
        about: "How often each route of the UI is viewed, the most viewed first.",
        common: COMMON,
        takes: &[SPAN, GROUP],
        scope: token::Scope::Read,
        schemas: Schemas::of::<pages::Row, pages::Total>,
        ask: |scope, shape| Ok(pages::ask(scope, pages::Order::Viewed)?.render(shape)),
    },
    Asked {
        name: "ui-reliability",
        about: "Errors and failed loads per view of each route of the UI, where they are told, the worst first.",
        common: COMMON,
        takes: &[SPAN, GROUP],
        scope: token::Scope::Read,
        schemas: Schemas::of::<pages::Row, pages::Total>,
        ask: |scope, shape| Ok(pages::ask(scope, pages::Order::Failing)?.render(shape)),
    },
    Asked {
        name: "ingest-quality",
        about: "What became of messages by day of receipt, how they differ from the plan, and how far senders' clocks are off.",
        common: DAYS_ALONE,
        takes: &[SPAN],
        scope: token::Scope::Read,
        schemas: Schemas::of::<quality::Row, quality::Total>,
        ask: |scope, shape| Ok(quality::ask(scope)?.render(shape)),
    },
];

/// The question of a name.
pub fn find(name: &str) -> Option<&'static Asked> {
    ALL.iter().find(|asked| asked.name == name)
}

/// The names most like one that there is not, the likest first.
pub fn close(name: &str) -> Vec<&'static str> {
    let mut names: Vec<(f64, &str)> = ALL
        .iter()
        .map(|asked| (likeness(name, asked.name), asked.name))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    names.into_iter().map(|(_, name)| name).take(PROPOSED).collect()
}

/// Of the names as a whole, or of the one with a word of the other, whichever is more.
fn likeness(name: &str, known: &str) -> f64 {
    let words = known.split('-').map(|word| jaro_winkler(name, word));
    words.fold(jaro_winkler(name, known), f64::max)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_told_apart_and_fit_into_urls() {
        let names: BTreeSet<_> = ALL.iter().map(|asked| asked.name).collect();
        assert_eq!(names.len(), ALL.len());
        let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        for asked in ALL {
            assert!(plain(asked.name), "{}", asked.name);
            let parameters: BTreeSet<_> = asked.parameters().map(|taken| taken.name).collect();
            assert_eq!(parameters.len(), asked.parameters().count(), "{}", asked.name);
            assert!(parameters.iter().all(|name| plain(name)), "{}", asked.name);
        }
    }

    #[test]
    fn close_names_are_proposed() {
        assert_eq!(close("activ-installation")[0], "active-installations");
        assert_eq!(close("components")[0], "component-reliability");
        assert!(close("xyz").is_empty() && close("").is_empty());
    }
}
