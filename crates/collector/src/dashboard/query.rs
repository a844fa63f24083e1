//! What a URL asks for, and the URLs of the same for other pages.

use form_urlencoded::{Serializer, parse};
use heliograph_wire::id::Hour;
use jiff::Timestamp;

use crate::delta::Day;
use crate::question::filter::{Filter, FilterError, Parameter};

/// The parameter that asks for one figure of a page, as a file.
const SVG: &str = "svg";
/// The parameter that asks for what is older than an hour.
pub(super) const BEFORE: &str = "before";
/// The parameter that asks for messages up to a batch.
pub(super) const BATCH: &str = "batch";
/// Parameters that go with the viewer from page to page.
const KEPT: [&str; 9] = [
    "from", "to", "version", "provider", "variant", "tier", "flag", "without", "package",
];
const DAYS: [&str; 2] = ["from", "to"];

/// What a URL asks for.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// Names and values as they were stated; none that are empty.
    pairs: Vec<(String, String)>,
    /// What stands before our paths where browsers reach us.
    base: String,
    /// What they mean.
    pub(crate) filter: Filter,
    /// The one figure that is asked for.
    pub(crate) figure: Option<String>,
    /// The hour before which something is asked for.
    pub(crate) before: Option<Hour>,
    /// The batch up to which something is asked for.
    pub(crate) batch: Option<i64>,
    /// The day on which it is asked.
    pub(crate) today: Day,
}

impl Query {
    /// Reads one; `takes` are the parameters that the page takes beside the common ones. Those of other pages mean nothing here and
    /// are left out, and so are fields of the form that nothing was typed into.
    ///
    /// # Errors
    /// When a value can't be that.
    pub(crate) fn read(
        text: &str,
        takes: &[Parameter],
        now: Timestamp,
        base: &str,
    ) -> Result<Query, FilterError> {
        let today = Day::of(now);
        let (mut figure, mut before, mut batch) = (None, None, None);
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in parse(text.as_bytes()) {
            let known = || crate::question::filter::COMMON.iter().chain(takes);
            match &*name {
                SVG => figure = Some(value.into_owned()),
                // What is no hour asks for the latest.
                BEFORE => before = value.parse().ok(),
                BATCH => batch = value.parse().ok(),
                _ if value.trim().is_empty() && !GROUPS.contains(&&*name) => {}
                name if known().any(|parameter| parameter.name == name) => {
                    let pair = (name.to_owned(), value.into_owned());
                    if !pairs.contains(&pair) {
                        pairs.push(pair);
                    }
                }
                _ => {}
            }
        }
        let stated = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(Query {
            filter: Filter::read(stated, takes, today)?.at(Hour::of(now)),
            pairs,
            base: base.to_owned(),
            figure,
            before,
            batch,
            today,
        })
    }

    /// Names and values as they were stated.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Another page about the same.
    pub(crate) fn to(&self, path: &str) -> String {
        self.to_with(path, &[])
    }

    /// Another page about the same, but for what `instead` names: an empty value takes a filter away, but one of groups, of which it
    /// names those who tell none.
    pub(crate) fn to_with(&self, path: &str, instead: &[(&str, &str)]) -> String {
        let kept = self.pairs().filter(|(name, _)| KEPT.contains(name));
        self.url(path, kept, instead)
    }

    /// This page, but for what `instead` names.
    pub(crate) fn here_with(&self, path: &str, instead: &[(&str, &str)]) -> String {
        self.url(path, self.pairs(), instead)
    }

    /// The file of a figure of this page.
    pub(crate) fn svg(&self, path: &str, figure: &str) -> String {
        self.here_with(path, &[(SVG, figure)])
    }

    /// The rows of a question about the same, as CSV: of the same days also tomorrow.
    pub(crate) fn csv(&self, question: &str, filter: &Filter, more: &[(&str, &str)]) -> String {
        let (from, to) = (filter.from.to_string(), filter.to.to_string());
        let days = [("from", from.as_str()), ("to", to.as_str())];
        let kept = self
            .pairs()
            .filter(|(name, _)| KEPT.contains(name) && !DAYS.contains(name));
        self.url(&format!("/csv/{question}"), days.into_iter().chain(kept), more)
    }

    /// A path of ours where browsers reach it.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn url<'a>(
        &self,
        path: &str,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
        instead: &[(&'a str, &'a str)],
    ) -> String {
        let mut query = Serializer::new(String::new());
        let replaced = |name: &str| instead.iter().any(|(other, _)| *other == name);
        for (name, value) in pairs.filter(|(name, _)| !replaced(name)) {
            query.append_pair(name, value);
        }
        let is_stated = |name: &str, value: &str| !value.is_empty() || GROUPS.contains(&name);
        for (name, value) in instead.iter().filter(|(name, value)| is_stated(name, value)) {
            query.append_pair(name, value);
        }
        let path = self.at(path);
        match query.finish() {
            empty if empty.is_empty() => path,
            query => format!("{path}?{query}"),
        }
    }

    /// This page with no filter but the days; `None` where there is no other.
    pub(crate) fn cleared(&self, path: &str) -> Option<String> {
        let narrows = |name: &str| KEPT.contains(&name) && !DAYS.contains(&name);
        self.pairs()
            .any(|(name, _)| narrows(name))
            .then(|| self.url(path, self.pairs().filter(|(name, _)| !narrows(name)), &[]))
    }
}

/// Filters of which an empty value is one.
const GROUPS: [&str; 3] = ["version", "provider", "variant"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::filter::{GROUP, UNIT};

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn filters_go_from_page_to_page() {
        let text = "from=2026-11-01&to=2026-11-09&version=1.9&version=1.10&unit=a&by=version&svg=x&other=1&provider=";
        let query = Query::read(text, &[UNIT, GROUP], now(), "").unwrap();
        assert_eq!(query.filter.versions.len(), 2);
        // What was ticked is kept, what means nothing here is not.
        assert_eq!(query.figure.as_deref(), Some("x"));
        assert_eq!(
            query.to("/packages"),
            "/packages?from=2026-11-01&to=2026-11-09&version=1.9&version=1.10&provider="
        );
        assert_eq!(
            query.here_with("/c", &[("version", ""), ("unit", ""), ("by", "variant")]),
            "/c?from=2026-11-01&to=2026-11-09&provider=&version=&by=variant"
        );
        let bare = Query::read("", &[], now(), "").unwrap();
        assert_eq!(bare.to("/"), "/");
        assert_eq!(bare.cleared("/c"), None);
        let all = KEPT.map(|name| (name, if DAYS.contains(&name) { "2026-11-09" } else { "ci" }));
        let all = all
            .into_iter()
            .filter(|(name, _)| *name != "tier")
            .chain([("unit", "a")]);
        let all = Serializer::new(String::new()).extend_pairs(all).finish();
        let all = Query::read(&all, &[UNIT], now(), "").unwrap();
        assert_eq!(
            all.cleared("/c").as_deref(),
            Some("/c?from=2026-11-09&to=2026-11-09&unit=a")
        );
        let behind = Query::read("tier=new", &[], now(), "/here").unwrap();
        assert_eq!(behind.to("/packages"), "/here/packages?tier=new");
        assert_eq!(
            bare.csv("capacity", &bare.filter, &[("per", "day")]),
            "/csv/capacity?from=2026-10-24&to=2026-11-22&per=day"
        );
        assert!(Query::read("from=x", &[], now(), "").is_err());
    }
}
