//! `GET /api/v1/openapi.json`: the collector's own paths, as OpenAPI 3.1; without a token. Made of the registry of questions and of the
//! types of their rows, so that it says what is answered. Segment's paths are Segment's to describe.

mod paths;

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::question::{ALL, JSON, LIMIT, MOST, tagged};
use crate::question::filter::Parameter;
use crate::question::{self, Asked, Flag, Format, Group, Span, Tier};

/// Its path. No question's name has a point in it.
pub(super) const PATH: &str = "/api/v1/openapi.json";
const KEEP: HeaderValue = HeaderValue::from_static("public, no-cache");
/// What the schemas of a question's rows and total end with, behind its name.
const PARTS: [&str; 3] = ["Row", "Total", "Answer"];

static TEXT: LazyLock<String> = LazyLock::new(|| {
    // A tree of JSON always serialises.
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
});

/// The document as text.
pub fn text() -> &'static str {
    &TEXT
}

/// The document.
pub(super) async fn get(headers: HeaderMap) -> Response {
    tagged(TEXT.clone(), JSON, KEEP, &headers)
}

fn document() -> Value {
    let mut all = paths::paths();
    let mut schemas = paths::schemas();
    for asked in question::ALL {
        all.insert(format!("{ALL}{}", asked.name), json!({"get": operation(asked)}));
        push_schemas(asked, &mut schemas);
    }
    // That is decided before it is known what is asked.
    let operations = all.values_mut().filter_map(Value::as_object_mut);
    for operation in operations.flat_map(Map::values_mut) {
        operation["responses"]["429"] = problem("TooFast");
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Heliograph collector",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Questions about what was collected, having people and clusters forgotten, and how the collector is. \
                Messages come in over Segment's HTTP API, which is described by Segment.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [
            {"name": "questions", "description": "What messages add up to."},
            {"name": "forgetting", "description": "Keeping nothing more of somebody, and deleting what there is."},
            {"name": "operation", "description": "How the collector is."},
        ],
        "paths": all,
        "components": {
            "schemas": schemas,
            "responses": paths::responses(),
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer",
                    "description": "A token that `heliograph-collector token add` printed. Its scope is read, support or admin; each may do what those before it may.",
                },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "heliograph",
                    "description": "The session of somebody who is logged in to the dashboard; over TLS the name is `__Host-heliograph`.",
                },
                "writeKey": {"type": "http", "scheme": "basic", "description": "A write key as the user name, without a password."},
            },
        },
    })
}

fn operation(asked: &Asked) -> Value {
    let name = type_name(asked.name);
    let mut parameters: Vec<Value> = asked.parameters().map(parameter).collect();
    let formats: Vec<&str> = Format::ALL.iter().map(|(_, name)| *name).collect();
    parameters.extend([
        json!({
            "name": "limit", "in": "query", "description": "Rows of a page.",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
        }),
        json!({
            "name": "offset", "in": "query", "description": "Rows that are left out before.",
            "schema": {"type": "integer", "minimum": 0, "default": 0},
        }),
        json!({
            "name": "format", "in": "query", "description": "The form of the answer, whatever `Accept` says.",
            "schema": {"type": "string", "enum": formats},
        }),
        json!({
            "name": "If-None-Match", "in": "header", "description": "The tag of the answer that is known already.",
            "schema": {"type": "string"},
        }),
    ]);
    let text = |about: &str| json!({"schema": {"type": "string"}, "description": about});
    json!({
        "operationId": lower_first(&name),
        "tags": ["questions"],
        "summary": asked.about,
        "description": format!(
            "Takes a token of the scope {}; where the filter names single clusters, support.", asked.scope.name()
        ),
        "parameters": parameters,
        "security": [{"token": []}, {"session": []}],
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": {
                    "ETag": {"schema": {"type": "string"}, "description": "A hash of the answer's bytes."},
                    "Heliograph-Installations": {"schema": {"type": "integer"}, "description": "As `installations`, in every form."},
                    "Heliograph-Counted": {"schema": {"type": "string"}, "description": "Tiers and flags that are counted, for people; absent where all are."},
                    "Heliograph-Left-Out": {"schema": {"type": "integer"}, "description": "As `leftOut`; absent where all are counted."},
                    "Link": {"schema": {"type": "string"}, "description": "Where the next page is (`rel=\"next\"`), if there is one."},
                },
                "content": {
                    "application/json": {"schema": reference(&format!("{name}Answer"))},
                    "text/csv": text("The rows, under a line with the names of their fields (RFC 4180)."),
                    "text/plain": text("A table for people."),
                },
            },
            "304": {"description": "The answer is the one that is known already."},
            "400": problem("InvalidParameter"),
            "401": problem("NoToken"),
            "403": problem("OtherScope"),
            "404": problem("NotFound"),
            "406": problem("NotAcceptable"),
            "503": problem("Unavailable"),
        },
    })
}

fn push_schemas(asked: &Asked, schemas: &mut Map<String, Value>) {
    let name = type_name(asked.name);
    let [row, total, answer] = PARTS.map(|part| format!("{name}{part}"));
    let made = (asked.schemas)();
    // Schemas always serialise.
    let value = |schema| serde_json::to_value(schema).unwrap_or_default();
    for (name, schema) in &made.parts {
        schemas.insert(name.clone(), value(schema));
    }
    schemas.insert(
        answer,
        json!({
            "type": "object",
            "description": asked.about,
            "required": ["from", "to", "installations", "counted", "leftOut", "total", "count", "rows"],
            "properties": {
                "from": {"type": "string", "format": "date", "description": "The first day that it is about."},
                "to": {"type": "string", "format": "date", "description": "The last day, included."},
                "installations": {"type": "integer", "minimum": 0, "description": "Installations that are behind it."},
                "counted": reference("Counted"),
                "leftOut": {"type": "integer", "minimum": 0, "description": "Installations that reported on these days, and are left out for their tier or flags."},
                "total": reference(&total),
                "count": {"type": "integer", "minimum": 0, "description": "Rows in all."},
                "next": {"type": "integer", "minimum": 1, "description": "`offset` of the next page; absent where this is the last."},
                "rows": {"type": "array", "items": reference(&row)},
            },
        }),
    );
    schemas.insert(row, value(&made.row));
    schemas.insert(total, value(&made.total));
}

fn parameter(parameter: &Parameter) -> Value {
    let one = match parameter.name {
        "from" | "to" => json!({"type": "string", "format": "date"}),
        "per" => json!({"type": "string", "enum": Span::ALL.map(|(_, name)| name)}),
        "by" => json!({"type": "string", "enum": Group::ALL.map(|(_, name)| name)}),
        "tier" => json!({"type": "string", "enum": Tier::ALL.map(|(_, name)| name)}),
        "flag" | "without" => json!({"type": "string", "enum": Flag::ALL.map(|(_, name)| name)}),
        _ => json!({"type": "string"}),
    };
    let schema = if parameter.many {
        json!({"type": "array", "items": one})
    } else {
        one
    };
    json!({"name": parameter.name, "in": "query", "description": parameter.about, "schema": schema})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn problem(response: &str) -> Value {
    json!({"$ref": format!("#/components/responses/{response}")})
}

/// `active-installations` is `ActiveInstallations`.
fn type_name(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_is_committed() {
        let committed = include_str!("../../../../docs/openapi.json");
        assert!(
            committed == text(),
            "docs/openapi.json is stale: run `cargo xtask docs`"
        );
    }

    #[test]
    fn operations_are_named_and_all_that_is_referred_to_is_there() {
        let document = document();
        let mut names = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name), "{name} is there twice");
                assert!(["get", "post", "delete"].contains(&method.as_str()));
                let responses = operation["responses"].as_object().unwrap();
                assert!(
                    responses.contains_key("200") && operation["security"].is_array(),
                    "{path}"
                );
                let in_path = |parameter: &&Value| parameter["in"] == "path";
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let stated: Vec<String> = parameters
                    .filter(in_path)
                    .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
                    .collect();
                assert_eq!(stated.len(), path.matches('{').count(), "{path}");
                assert!(stated.iter().all(|name| path.contains(name)), "{path}");
            }
        }
        assert!(names.len() > question::ALL.len() + 10);
        let mut referred = 0;
        let mut open = vec![&document];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(path)) = members.get("$ref") {
                        let found = document.pointer(path.strip_prefix('#').unwrap());
                        assert!(found.is_some(), "{path}");
                        referred += 1;
                    }
                    open.extend(members.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        assert!(referred > 20);
    }

    #[test]
    fn names_are_those_of_types() {
        assert_eq!(type_name("active-installations"), "ActiveInstallations");
        assert_eq!(lower_first("Ab"), "ab");
    }
}
