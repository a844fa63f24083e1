//! Values of a wrong type: valid JSON that says something else than agreed, in exactly one place.

use crate::source::Source;

/// Which value has a wrong type. "First" is first in the document.
///
/// What a reader should make of it is said with each: the rest of the document is as good as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mistype {
    /// Every source: the whole document is within an array. Nothing can be read.
    Top,
    /// Diagnostics: `Units` is null, as agents serve it. No unit can be counted.
    UnitsNull,
    /// Diagnostics: the first unit is null. That unit is lost.
    UnitNull,
    /// Diagnostics: the first node of the first unit is null. That unit counts one node less.
    NodeNull,
    /// Diagnostics: `Health` of the first unit is the string `"1"`. Nothing is lost.
    HealthText,
    /// Diagnostics: `Health` of the first unit is `1.0`. Nothing is lost.
    HealthFloat,
    /// Diagnostics: `Output` of the first unit's first node is a list. That node's state in that unit is unknown.
    OutputArray,
    /// Diagnostics: the first text in the `Output` of the first unit's first node is the number 7.
    /// The state of that one unit on that node, as told there, is unknown; others are untouched.
    OutputNumber,
    /// Diagnostics: `Timestamp` of the first unit is a number. Nothing is lost.
    TimestampNumber,
    /// Diagnostics: `Nodes` of the first unit is an empty object. That unit is lost.
    NodesObject,
    /// Cosmos: `packages` is null. No package can be listed.
    PackagesNull,
    /// Cosmos: the first package is null. That package is lost.
    PackageNull,
    /// Cosmos: the first package's name is the number 7. That package is lost.
    PackageNameNumber,
    /// Frameworks: `frameworks` is null. No framework can be listed.
    FrameworksNull,
    /// Frameworks: the first framework is null. That framework is lost.
    FrameworkNull,
    /// Frameworks: the first framework's name is the number 7. That framework is lost.
    FrameworkNameNumber,
    /// Metrics: `master/cpus_total` is the string `"8.0"`. That number is lost.
    MetricText,
    /// Metrics: `master/mem_total` is null. That number is lost.
    MetricNull,
}

impl Mistype {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Top,
        Self::UnitsNull,
        Self::UnitNull,
        Self::NodeNull,
        Self::HealthText,
        Self::HealthFloat,
        Self::OutputArray,
        Self::OutputNumber,
        Self::TimestampNumber,
        Self::NodesObject,
        Self::PackagesNull,
        Self::PackageNull,
        Self::PackageNameNumber,
        Self::FrameworksNull,
        Self::FrameworkNull,
        Self::FrameworkNameNumber,
        Self::MetricText,
        Self::MetricNull,
    ];

    /// The source whose document has the value; `None` when each has.
    #[must_use]
    pub const fn source(self) -> Option<Source> {
        match self {
            Self::Top => None,
            Self::UnitsNull
            | Self::UnitNull
            | Self::NodeNull
            | Self::HealthText
            | Self::HealthFloat
            | Self::OutputArray
            | Self::OutputNumber
            | Self::TimestampNumber
            | Self::NodesObject => Some(Source::Diagnostics),
            Self::PackagesNull | Self::PackageNull | Self::PackageNameNumber => Some(Source::Cosmos),
            Self::FrameworksNull | Self::FrameworkNull | Self::FrameworkNameNumber => {
                Some(Source::Frameworks)
            }
            Self::MetricText | Self::MetricNull => Some(Source::Metrics),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::UnitsNull => "units-null",
            Self::UnitNull => "unit-null",
            Self::NodeNull => "node-null",
            Self::HealthText => "health-text",
            Self::HealthFloat => "health-float",
            Self::OutputArray => "output-array",
            Self::OutputNumber => "output-number",
            Self::TimestampNumber => "timestamp-number",
            Self::NodesObject => "nodes-object",
            Self::PackagesNull => "packages-null",
            Self::PackageNull => "package-null",
            Self::PackageNameNumber => "package-name-number",
            Self::FrameworksNull => "frameworks-null",
            Self::FrameworkNull => "framework-null",
            Self::FrameworkNameNumber => "framework-name-number",
            Self::MetricText => "metric-text",
            Self::MetricNull => "metric-null",
        }
    }
}
