//! The gate: whether anything may be collected, kept or sent. Pure; it is asked before anything is contacted, and it fails
//! closed: consent that can't be understood is *off*.

use std::fmt;

use serde_json::Value;

use crate::config::setting::Origin;

/// Something that was said for or against telemetry.
#[derive(Debug, Clone)]
pub struct Statement {
    /// As said.
    pub value: Value,
    /// Where.
    pub origin: Origin,
}

/// What a statement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    On,
    Off,
    NotUnderstood,
}

/// The decision, and what decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Collect and send.
    On,
    /// Collect nothing, send nothing: it was said so.
    Off(Why),
    /// Collect nothing, send nothing: what was said can't be understood.
    NotUnderstood(Why),
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why(String);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Decides: `DO_NOT_TRACK` before the configuration, one "off" among its statements before any "on", and what can't be
/// understood is off.
pub fn decide(do_not_track: Option<&str>, statements: &[Statement]) -> Decision {
    // consoledonottrack.com: unset, empty, 0 and false say nothing.
    if let Some(value) = do_not_track.map(str::trim)
        && !(value.is_empty() || value == "0" || value.eq_ignore_ascii_case("false"))
    {
        return Decision::Off(Why("the environment says DO_NOT_TRACK".to_owned()));
    }
    let first = |meaning| statements.iter().find(|statement| statement.meaning() == meaning);
    if let Some(off) = first(Meaning::Off) {
        return Decision::Off(Why(format!("{}: enabled is {}", off.origin, off.value)));
    }
    if let Some(odd) = first(Meaning::NotUnderstood) {
        return Decision::NotUnderstood(Why(format!(
            "{}: enabled is {}, which is neither on nor off and so counts as off; write true or false",
            odd.origin, odd.value
        )));
    }
    Decision::On
}

impl Statement {
    fn meaning(&self) -> Meaning {
        match &self.value {
            Value::Bool(true) => Meaning::On,
            Value::Bool(false) => Meaning::Off,
            Value::Number(number) if number.as_f64() == Some(1.0) => Meaning::On,
            Value::Number(number) if number.as_f64() == Some(0.0) => Meaning::Off,
            Value::String(word) => match word.trim().to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" | "y" | "t" | "enable" | "enabled" => Meaning::On,
                "false" | "no" | "off" | "0" | "n" | "f" | "disable" | "disabled" | "never" | "none" => {
                    Meaning::Off
                }
                _ => Meaning::NotUnderstood,
            },
            _ => Meaning::NotUnderstood,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(values: &[Value]) -> Vec<Statement> {
        values
            .iter()
            .map(|value| Statement {
                value: value.clone(),
                origin: Origin::Flag("x"),
            })
            .collect()
    }

    #[test]
    fn the_usual_words_are_understood_and_the_rest_is_off() {
        for value in [
            json!(true),
            json!("true"),
            json!("True"),
            json!(" YES "),
            json!("on"),
            json!("1"),
            json!(1),
            json!("enabled"),
        ] {
            assert_eq!(
                decide(None, &said(std::slice::from_ref(&value))),
                Decision::On,
                "{value}"
            );
        }
        for value in [
            json!(false),
            json!("false"),
            json!("False"),
            json!("no"),
            json!("OFF"),
            json!("0"),
            json!(0),
            json!("disabled"),
        ] {
            assert!(
                matches!(
                    decide(None, &said(std::slice::from_ref(&value))),
                    Decision::Off(_)
                ),
                "{value}"
            );
        }
        for value in [
            json!(null),
            json!(""),
            json!("maybe"),
            json!([]),
            json!({}),
            json!(2),
        ] {
            assert!(
                matches!(
                    decide(None, &said(std::slice::from_ref(&value))),
                    Decision::NotUnderstood(_)
                ),
                "{value}"
            );
        }
        assert_eq!(decide(None, &[]), Decision::On);
    }

    #[test]
    fn one_off_decides() {
        assert!(matches!(
            decide(None, &said(&[json!(true), json!("no"), json!(true)])),
            Decision::Off(_)
        ));
        assert!(matches!(
            decide(None, &said(&[json!(true), json!("?")])),
            Decision::NotUnderstood(_)
        ));
        for value in ["1", "true", "yes", "x"] {
            assert!(
                matches!(decide(Some(value), &said(&[json!(true)])), Decision::Off(_)),
                "{value}"
            );
        }
        for value in ["", "0", "false", "FALSE"] {
            assert_eq!(
                decide(Some(value), &said(&[json!(true)])),
                Decision::On,
                "{value}"
            );
        }
    }
}
