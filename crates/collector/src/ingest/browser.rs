//! What is taken out of a message that comes straight from a browser, with a key of the kind `ui`: such a key is public, so whatever
//! a page or an SDK puts in is held to the telemetry plan.
//!
//! | of | stays |
//! |---|---|
//! | the context | what the plan lists: the library |
//! | calls | properties and traits that the plan lists |
//! | events of the UI | properties that the plan lists, values of closed sets only |
//! | other events | what the vendor declares (see [`crate::plan_dir`]), and all that is not known to tell where or who somebody is |
//! | names of pages, routes | what may be told: see [`heliograph_wire::route`] |
//! | ids | what is no e-mail address |
//!
//! E-mail addresses go wherever they stand, however deep: in names, in values, and in names of events, which are then none.
//!
//! `integrations` are for whom messages are passed on to by others; a browser's are dropped.

use std::borrow::Cow;

use heliograph_wire::plan::{Event, Property, Ui};
use heliograph_wire::route;
use serde_json::Value;
use serde_json::value::RawValue;

use super::members::Members;
use super::planned::Planned;
use super::text;
use crate::key::KeyKind;

/// Properties in which SDKs tell where somebody is, and who, unless the vendor declares them.
const TELLING: [&str; 16] = [
    "address",
    "email",
    "hash",
    "href",
    "ip",
    "path",
    "query",
    "referer",
    "referrer",
    "search",
    "title",
    "uri",
    "url",
    "userAgent",
    "userAgentData",
    "username",
];
/// The property of the UI's events that names a route.
const ROUTE: &str = "route";
/// Longest text that says of a library what it is, in bytes.
const MAX_LIBRARY: usize = 100;

/// What a message of a browser is held to.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'p> {
    plan: &'p Planned<'static>,
    kind: &'p str,
    event: Option<&'p str>,
}

impl<'p> Filter<'p> {
    /// For a message of this `type`, and of this event where it is a `track`.
    pub fn of(plan: &'p Planned<'static>, kind: &'p str, event: Option<&'p str>) -> Filter<'p> {
        Filter { plan, kind, event }
    }

    /// Properties or traits, without what may not be told.
    pub fn members<'a>(&self, members: &Members<'a>) -> Members<'a> {
        let ui = self.plan.ui;
        let Some(event) = self.event else {
            // A screen is a page by another name.
            let kind = if self.kind == "screen" { "page" } else { self.kind };
            return listed(ui, ui.message(kind, None), members);
        };
        if let Some(event) = ui.event(event) {
            return listed(ui, Some(event), members);
        }
        let declared = self.plan.event(KeyKind::Ui, event);
        members.clone().filtered(|name| {
            let is_declared = declared.is_some_and(|declared| declared.property(name).is_some());
            let tells = |raw| tells(raw, if is_declared { &[] } else { &TELLING });
            let told = is_declared || !TELLING.contains(&name);
            told && !names_somebody(name) && !members.get(name).is_some_and(tells)
        })
    }

    /// The same of a context.
    pub fn context<'m, 'a>(&self, context: &Members<'a>) -> Cow<'m, Members<'a>> {
        let listed = |name: &str| self.plan.ui.context().any(|listed| listed == name);
        Cow::Owned(
            context
                .clone()
                .filtered(|name| listed(name) && context.get(name).is_some_and(names_a_library)),
        )
    }
}

/// The name of a page, as it may be told.
pub fn page(name: Cow<'_, str>) -> Cow<'_, str> {
    if route::told(&name) == name {
        name
    } else {
        Cow::Borrowed(route::UNKNOWN)
    }
}

/// An id, or the name of an event, unless there is an e-mail address in it.
pub fn opaque(id: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    id.filter(|id| !names_somebody(id))
}

/// Whether there may be an e-mail address in a text, written plainly or for a URL.
fn names_somebody(text: &str) -> bool {
    text.contains('@') || text.contains("%40")
}

fn listed<'a>(ui: &Ui, event: Option<&Event>, members: &Members<'a>) -> Members<'a> {
    let may_be_told = |name: &str| {
        let property = event.and_then(|event| ui.property(event, name));
        property.is_some_and(|property| members.get(name).is_some_and(|raw| admits(property, raw)))
    };
    let mut listed = members.clone().filtered(may_be_told);
    if let Some(route) = listed.get(ROUTE).and_then(text::string)
        && route::told(&route) != route
        && let Ok(unknown) = serde_json::from_str::<&RawValue>("\"/unknown\"")
    {
        listed.set(ROUTE, unknown);
    }
    listed
}

/// Whether a value is a text that names somebody, or has one in it or a property of such a name, however deep.
fn tells(raw: &RawValue, telling: &[&str]) -> bool {
    fn within(value: &Value, telling: &[&str]) -> bool {
        match value {
            Value::Object(members) => members.iter().any(|(name, value)| {
                telling.contains(&name.as_str()) || names_somebody(name) || within(value, telling)
            }),
            Value::Array(values) => values.iter().any(|value| within(value, telling)),
            Value::String(text) => names_somebody(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    // Most are neither.
    raw.get().starts_with(['{', '[', '"'])
        && serde_json::from_str(raw.get()).map_or(true, |value| within(&value, telling))
}

/// Whether it is a value that the property may have; all that browsers may tell are texts.
fn admits(property: &Property, raw: &RawValue) -> bool {
    text::string(raw)
        .is_some_and(|text| property.values.is_empty() || property.values.iter().any(|value| *value == *text))
}

/// `{"name": …, "version": …}`
fn names_a_library(raw: &RawValue) -> bool {
    Members::of(raw).is_some_and(|library| {
        library.iter().all(|(name, raw)| {
            matches!(name, "name" | "version")
                && text::string(raw).is_some_and(|text| text.len() <= MAX_LIBRARY)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::planned::Unplanned;
    use heliograph_wire::plan::Plan;

    fn filtered(kind: &str, event: Option<&str>, json: &str) -> String {
        let plan = Planned::of(Plan::built_in(), Unplanned::Keep);
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        let members = Members::of(&raw).unwrap();
        let mut out = Vec::new();
        let kept = Filter::of(&plan, kind, event).members(&members);
        kept.write(9, "", &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_the_plan_lists_stays() {
        for (kind, event, json, expected) in [
            (
                "page",
                None,
                r#"{"path":"/nodes/7","url":"u","title":"t","search":"?q","referrer":"r","name":"n","environmentVersion":"1.10","clusterId":"c"}"#,
                r#"{"environmentVersion":"1.10"}"#,
            ),
            (
                "screen",
                None,
                r#"{"a":1,"environmentVersion":"1"}"#,
                r#"{"environmentVersion":"1"}"#,
            ),
            (
                "identify",
                None,
                r#"{"email":"a@b.example","environmentVersion":{"a":1},"role":"admin"}"#,
                "{}",
            ),
            ("group", None, r#"{"environmentVersion":"1","name":"n"}"#, "{}"),
            (
                "track",
                Some("ui_error"),
                r#"{"route":"/nodes/10.0.0.1","kind":"TypeError","message":"m"}"#,
                r#"{"kind":"TypeError","route":"/unknown"}"#,
            ),
            (
                "track",
                Some("ui_error"),
                r#"{"route":"/nodes/:id","kind":"at /secret"}"#,
                r#"{"route":"/nodes/:id"}"#,
            ),
            (
                "track",
                Some("own"),
                r#"{"url":"u","path":"p","ip":"i","email":"e","rating":3,"name":"n","a":{"b":[{"title":"t"}]},"c":{"d":[1]}}"#,
                r#"{"c":{"d":[1]},"name":"n","rating":3}"#,
            ),
            (
                "track",
                Some("own"),
                r#"{"who":"a@b.example","a@b.example":1,"l":[{"x":["a%40b.example"]}],"m":{"a@b":1},"e":"a\u0040b.example","rating":3}"#,
                r#"{"rating":3}"#,
            ),
        ] {
            assert_eq!(filtered(kind, event, json), expected, "{kind} {event:?}");
        }
    }

    #[test]
    fn of_the_context_the_library_stays() {
        let plan = Planned::of(Plan::built_in(), Unplanned::Keep);
        for (json, expected) in [
            (
                r#"{"library":{"name":"analytics.js","version":"1"},"page":{"url":"u"},"userAgent":"x","locale":"de","traits":{"a":1}}"#,
                r#"{"library":{"name":"analytics.js","version":"1"}}"#,
            ),
            (r#"{"library":{"name":"x","url":"u"}}"#, "{}"),
            (r#"{"library":"u"}"#, "{}"),
        ] {
            let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
            let members = Members::of(&raw).unwrap();
            let mut out = Vec::new();
            let kept = Filter::of(&plan, "page", None).context(&members);
            kept.write(9, "", &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        assert_eq!(page("/nodes?x".into()), "/unknown");
        assert_eq!(page("/nodes/:id".into()), "/nodes/:id");
        assert_eq!(opaque(Some("a@b.example".into())), None);
        assert_eq!(opaque(Some("a%40b.example has clicked".into())), None);
        assert_eq!(opaque(Some("u-1".into())).as_deref(), Some("u-1"));
    }
}
