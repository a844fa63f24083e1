//! How a message differs from the telemetry plan: a closed list, under the names that Segment Protocols has made common.

/// A kind of violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Violation {
    /// The plan does not list the event.
    UnplannedEvent,
    /// A property that every message of the event has is not there.
    RequiredMissing,
    /// A value of another type, or outside the closed set that the plan lists.
    DatatypeMismatch,
    /// The plan does not list the property.
    AdditionalProperties,
}

/// Most properties of one message that are told by name.
pub const MAX_NAMED: usize = 8;

/// The violations of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    found: Vec<(Violation, String)>,
    kinds: [u32; Violation::ALL.len()],
}

impl Violation {
    /// All kinds.
    pub const ALL: [Violation; 4] = [
        Violation::UnplannedEvent,
        Violation::RequiredMissing,
        Violation::DatatypeMismatch,
        Violation::AdditionalProperties,
    ];

    /// The name that counters, the log and records use. Names are never changed nor given to another kind.
    pub const fn name(self) -> &'static str {
        match self {
            Violation::UnplannedEvent => "Unplanned-Event",
            Violation::RequiredMissing => "Required-Missing",
            Violation::DatatypeMismatch => "Datatype-Mismatch",
            Violation::AdditionalProperties => "Additional-Properties",
        }
    }

    const fn index(self) -> usize {
        match self {
            Violation::UnplannedEvent => 0,
            Violation::RequiredMissing => 1,
            Violation::DatatypeMismatch => 2,
            Violation::AdditionalProperties => 3,
        }
    }
}

impl Violations {
    /// Adds one; `name` is the property's, or the event's.
    pub fn add(&mut self, violation: Violation, name: &str) {
        self.kinds[violation.index()] += 1;
        if self.found.len() < MAX_NAMED {
            self.found.push((violation, name.to_owned()));
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The first of them, with their names.
    pub fn named(&self) -> impl Iterator<Item = (Violation, &str)> {
        self.found
            .iter()
            .map(|(violation, name)| (*violation, name.as_str()))
    }

    /// The kinds that occurred, each with a name where one was kept.
    pub fn kinds(&self) -> impl Iterator<Item = (Violation, Option<&str>)> {
        let occurred = |violation: &Violation| self.kinds[violation.index()] > 0;
        Violation::ALL.into_iter().filter(occurred).map(|violation| {
            let name = self.named().find(|(kind, _)| *kind == violation);
            (violation, name.map(|(_, name)| name))
        })
    }

    /// The first property that the plan does not list.
    pub fn additional(&self) -> Option<&str> {
        self.kinds()
            .find(|(violation, _)| *violation == Violation::AdditionalProperties)
            .map(|(_, name)| name.unwrap_or_default())
    }
}
