//! The paths beside those of single questions, as OpenAPI describes them.

use serde_json::{Map, Value, json};

use super::super::regulations::subject_type;
use super::super::{feed, forget, metrics, question, regulations};
use super::{PATH, problem, reference};
use crate::forget::order::{Action, State};
use crate::ingest::mention::Kind;
use crate::question::{Flag, Tier};

/// All paths, with what they take and answer.
pub(super) fn paths() -> Map<String, Value> {
    let id = json!({"name": "regulateId", "in": "path", "required": true, "schema": {"type": "string"}});
    let source = json!({
        "name": "sourceId", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "A write key, by its number or prefix.",
    });
    let all = [
        (
            question::ALL,
            json!({"get": {
                "operationId": "questions", "tags": ["questions"], "summary": "Lists the questions.", "security": [{"token": []}, {"session": []}],
                "responses": {
                    "200": answer("All questions, with their parameters.", &reference("Questions")),
                    "401": problem("NoToken"), "503": problem("Unavailable"),
                },
            }}),
        ),
        (
            PATH,
            json!({"get": {
                "operationId": "openapi", "tags": ["questions"], "summary": "This document.", "security": [],
                "responses": {"200": answer("This document.", &json!({"type": "object"}))},
            }}),
        ),
        (
            feed::PATH,
            json!({"get": {
                "operationId": "releaseHealthFeed", "tags": ["questions"],
                "summary": "Changed verdicts of release health, the latest first, as an Atom feed; the token may also be the password of Basic authorization.",
                "security": [{"token": []}, {"session": []}],
                "responses": {
                    "200": {
                        "description": "The latest 100 changes.",
                        "content": {"application/atom+xml": {"schema": {"type": "string"}}},
                    },
                    "401": problem("NoToken"), "503": problem("Unavailable"),
                },
            }}),
        ),
        (
            forget::PATH,
            json!({"post": {
                "operationId": "forgetCluster", "tags": ["forgetting"],
                "summary": "Forgets a cluster, for one of its reporters; what another one than its first sends is deleted alone.",
                "security": [{"writeKey": []}],
                "requestBody": body(&reference("Petition")),
                "responses": {
                    "200": answer("On disk: nothing more is kept, and what there is will be deleted.", &reference("Forgotten")),
                    "400": problem("Malformed"), "401": problem("NoToken"), "403": problem("OtherScope"), "503": problem("Unavailable"),
                },
            }}),
        ),
        (
            regulations::ALL,
            json!({
                "get": listing("regulations", "Lists regulations, the latest first.", &[], "Regulations"),
                "post": placing("regulate", &[]),
            }),
        ),
        (
            regulations::ONE,
            json!({
                "get": {
                    "operationId": "regulation", "tags": ["forgetting"], "summary": "How far a regulation is.",
                    "security": [{"token": []}], "parameters": [id],
                    "responses": administered(&answer("The regulation.", &data("regulation", &reference("Regulation")))),
                },
                "delete": {
                    "operationId": "withdraw", "tags": ["forgetting"], "summary": "Takes back a regulation that has not begun.",
                    "security": [{"token": []}], "parameters": [id],
                    "responses": {
                        "200": answer("It is taken back.", &data("status", &json!({"type": "string", "enum": ["SUCCESS"]}))),
                        "401": problem("NoToken"), "403": problem("OtherScope"), "404": problem("NotFound"),
                        "409": problem("Conflict"), "503": problem("Unavailable"),
                    },
                },
            }),
        ),
        (
            regulations::OF_SOURCE,
            json!({
                "get": listing("regulationsOfSource", "Lists the regulations of a write key.", &[&source], "Regulations"),
                "post": placing("regulateSource", &[&source]),
            }),
        ),
        (
            regulations::SUPPRESSIONS,
            json!({
                "get": listing("suppressions", "Lists who is suppressed; ids are hashes.", &[], "Suppressions"),
            }),
        ),
        (
            "/healthz",
            json!({"get": plain("healthz", "Whether the process answers.", "It does.")}),
        ),
        (
            "/readyz",
            json!({"get": plain("readyz", "Whether messages can be stored.", "They can.")}),
        ),
        (
            metrics::PATH,
            json!({"get": {
                "operationId": "metrics", "tags": ["operation"], "security": [],
                "summary": "What is counted, as OpenMetrics text; shown to this machine alone, or on a socket of its own.",
                "responses": {
                    "200": {
                        "description": "All metrics.",
                        "content": {"application/openmetrics-text": {"schema": {"type": "string"}}},
                    },
                    "403": problem("OtherScope"),
                },
            }}),
        ),
    ];
    all.into_iter()
        .map(|(path, item)| (path.to_owned(), item))
        .collect()
}

/// Schemas that these refer to.
pub(super) fn schemas() -> Map<String, Value> {
    let text = |about: &str| json!({"type": "string", "description": about});
    let names = |about: &str, names: &[&str]| {
        let one = json!({"type": "string", "enum": names});
        json!({"type": "array", "items": one, "description": about})
    };
    let types = Action::ALL.map(Action::name);
    let subjects = regulations::SUBJECTS.map(subject_type);
    let suppressed: Vec<&str> = subjects
        .into_iter()
        .chain([subject_type(Kind::Reporter)])
        .collect();
    let states = State::ALL.map(State::name);
    let all = [
        (
            "Problem",
            json!({
                "type": "object", "description": "Problem details (RFC 9457).",
                "required": ["type", "title", "status", "detail", "code", "message"],
                "properties": {
                    "type": text("Always about:blank."), "title": text("What the status means."),
                    "status": {"type": "integer"}, "detail": text("What is wrong, for people."), "code": text("What is wrong, for programs."),
                    "message": text("As `detail`."), "parameter": text("The parameter that is at fault, where one is."),
                    "allowed": {"type": "array", "items": {"type": "string"}, "description": "What it may be."},
                    "close": {"type": "array", "items": {"type": "string"}, "description": "Questions of names like the one that there is not."},
                },
            }),
        ),
        (
            "Questions",
            json!({
                "type": "object", "required": ["questions"],
                "properties": {"questions": {"type": "array", "items": {
                    "type": "object", "required": ["name", "about", "path", "scope", "parameters"],
                    "properties": {
                        "name": text("Its name."), "about": text("What it asks."), "path": text("Where it is asked."),
                        "scope": {"type": "string", "enum": ["read", "support", "admin"], "description": "What a token must be for."},
                        "parameters": {"type": "array", "items": {
                            "type": "object", "required": ["name", "about", "many"],
                            "properties": {
                                "name": text("Its name."), "about": text("What it says."),
                                "many": {"type": "boolean", "description": "Whether it may be given more than once."},
                            },
                        }},
                    },
                }}},
            }),
        ),
        (
            "Counted",
            json!({
                "type": "object", "required": ["tiers", "flags", "without"],
                "description": "Which installations count, as of the last day; where a list is empty, it leaves out none.",
                "properties": {
                    "tiers": names("Those of these tiers.", &Tier::ALL.map(|(_, name)| name)),
                    "flags": names("Those with any of these flags.", &Flag::ALL.map(|(_, name)| name)),
                    "without": names("Those with none of these flags.", &Flag::ALL.map(|(_, name)| name)),
                },
            }),
        ),
        (
            "Petition",
            json!({
                "type": "object", "required": ["clusterId", "reporterSecret"],
                "properties": {
                    "clusterId": text("The cluster."),
                    "reporterSecret": text("The secret whose hash the cluster's messages bear as `context.reporter`."),
                },
            }),
        ),
        (
            "Forgotten",
            json!({
                "type": "object", "required": ["success", "forgotten", "signature", "publicKey"],
                "properties": {
                    "success": {"type": "boolean"},
                    "forgotten": {"type": "object", "properties": {
                        "clusterId": text("The cluster."), "scope": text("All of it, or what the reporter sent."),
                        "at": {"type": "string", "format": "date-time"},
                    }},
                    "signature": text("Ed25519, of what is forgotten."), "publicKey": text("The key to check it with."),
                },
            }),
        ),
        (
            "Order",
            json!({
                "type": "object", "required": ["regulationType", "subjectType", "subjectIds"],
                "properties": {
                    "regulationType": {"type": "string", "enum": types}, "subjectType": {"type": "string", "enum": subjects},
                    "subjectIds": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": regulations::MAX_SUBJECTS},
                },
            }),
        ),
        (
            "Regulation",
            json!({
                "type": "object", "required": ["id", "regulationType", "subjectType", "subjects", "subjectCount", "status", "createdAt"],
                "properties": {
                    "id": text("Its number."), "regulationType": {"type": "string", "enum": types}, "subjectType": {"type": "string", "enum": subjects},
                    "subjects": {"type": "array", "items": {"type": "string"}, "description": "Empty when they are deleted."},
                    "subjectCount": {"type": "integer", "minimum": 0}, "status": {"type": "string", "enum": states}, "overallStatus": {"type": "string", "enum": states},
                    "createdAt": {"type": "string", "format": "date-time"}, "finishedAt": {"type": "string", "format": "date-time"},
                },
            }),
        ),
        (
            "Regulations",
            data(
                "regulations",
                &json!({"type": "array", "items": reference("Regulation")}),
            ),
        ),
        (
            "Suppressions",
            data(
                "suppressed",
                &json!({"type": "array", "items": {
                    "type": "object", "required": ["subjectType", "subjectIds", "suppressedAt"],
                    "properties": {
                        "subjectType": {"type": "string", "enum": suppressed},
                        "subjectIds": {"type": "array", "items": {"type": "string"}}, "suppressedAt": {"type": "string", "format": "date-time"},
                    },
                }}),
            ),
        ),
    ];
    all.into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

/// What is answered when it is not what was asked for.
pub(super) fn responses() -> Value {
    let of = |about: &str| {
        json!({
            "description": about,
            "content": {"application/problem+json": {"schema": reference("Problem")}},
        })
    };
    json!({
        "InvalidParameter": of("A parameter can't be that; `parameter` and `allowed` say which, and what it may be."),
        "Malformed": of("What was sent can't be understood."),
        "NoToken": of("There is no token or key, or none that may be used."),
        "OtherScope": of("The token or key is not for this."),
        "NotFound": of("There is no such thing; `close` names questions of a like name."),
        "NotAcceptable": of("There is no form that `Accept` names."),
        "Conflict": of("It is under way or done."),
        "TooFast": of("This client asks too much at once; `Retry-After` says when to ask again."),
        "Unavailable": of("Too much is under way, the answer takes too long, or the store is not to be had; `Retry-After` says when to ask again."),
    })
}

fn answer(about: &str, schema: &Value) -> Value {
    json!({"description": about, "content": {"application/json": {"schema": schema}}})
}

fn body(schema: &Value) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

fn data(name: &str, schema: &Value) -> Value {
    json!({
        "type": "object", "required": ["data"],
        "properties": {"data": {"type": "object", "required": [name], "properties": {name: schema}}},
    })
}

fn administered(ok: &Value) -> Value {
    json!({
        "200": ok, "400": problem("Malformed"), "401": problem("NoToken"), "403": problem("OtherScope"),
        "404": problem("NotFound"), "503": problem("Unavailable"),
    })
}

fn listing(id: &str, summary: &str, parameters: &[&Value], schema: &str) -> Value {
    let mut parameters: Vec<Value> = parameters.iter().map(|parameter| (*parameter).clone()).collect();
    parameters.extend([
        json!({"name": "pagination.count", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 20}}),
        json!({"name": "pagination.cursor", "in": "query", "schema": {"type": "string"}}),
    ]);
    json!({
        "operationId": id, "tags": ["forgetting"], "summary": summary, "security": [{"token": []}], "parameters": parameters,
        "responses": administered(&answer("A page of them.", &reference(schema))),
    })
}

fn placing(id: &str, parameters: &[&Value]) -> Value {
    json!({
        "operationId": id, "tags": ["forgetting"], "summary": "Has people, clusters or customers forgotten.",
        "security": [{"token": []}], "parameters": parameters, "requestBody": body(&reference("Order")),
        "responses": administered(&answer("It is on disk.", &data("regulateId", &json!({"type": "string"})))),
    })
}

fn plain(id: &str, summary: &str, ok: &str) -> Value {
    json!({
        "operationId": id, "tags": ["operation"], "summary": summary, "security": [],
        "responses": {
            "200": {"description": ok, "content": {"text/plain": {"schema": {"type": "string"}}}},
            "503": problem("Unavailable"),
        },
    })
}
