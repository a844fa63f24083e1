//! The gate: whether anything may be collected, kept or sent. Pure; it is asked before anything is contacted, again when a
//! report is to be kept, and again before each request. It fails closed: consent that can't be understood is *off*.
//!
//! What was said counts in this order: `DO_NOT_TRACK`; the operator's `opt-out`; the configuration, where one "off" among all
//! files, the environment and the flags wins; the packager's default; and where nobody said anything, on, after the notice was
//! shown and its period is over. `opt-in` undoes `opt-out` and skips the notice.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::config::setting::Origin;
use crate::consent::{Consent, Said};

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
pub enum Meaning {
    /// Telemetry may be sent.
    On,
    /// It may not.
    Off,
    /// Nobody knows.
    NotUnderstood,
}

/// All that was said.
#[derive(Debug, Clone, Copy)]
pub struct Voices<'a> {
    /// `$DO_NOT_TRACK`
    pub do_not_track: Option<&'a str>,
    /// On this host, by its operator.
    pub consent: Consent,
    /// In the configuration.
    pub statements: &'a [Statement],
    /// By whoever packaged this program.
    pub packager: &'a [Statement],
    /// How long the notice stands before anything is collected.
    pub notice_period: Duration,
}

/// The decision, and what decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Collect and send.
    On(Why),
    /// Collect nothing, send nothing: it was said so.
    Off(Why),
    /// Collect nothing, send nothing: what was said can't be understood.
    NotUnderstood(Why),
    /// Collect nothing, send nothing yet: the notice has not stood long enough.
    Notice {
        /// When it will have; `None` before it was shown.
        until: Option<Timestamp>,
    },
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    text: String,
    /// Whether somebody said so for this installation, rather than nobody said anything.
    pub explicit: bool,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn why(text: impl Into<String>) -> Why {
    Why {
        text: text.into(),
        explicit: true,
    }
}

/// Decides.
pub fn decide(said: Voices<'_>, now: Timestamp) -> Decision {
    if said.do_not_track.is_some_and(forbids) {
        return Decision::Off(why("the environment says DO_NOT_TRACK"));
    }
    if said.consent.said == Some(Said::OptOut) {
        return Decision::Off(why("the operator of this host said opt-out"));
    }
    for (statements, explicit) in [(said.statements, true), (said.packager, false)] {
        let first = |meaning| statements.iter().find(|statement| statement.meaning() == meaning);
        if let Some(off) = first(Meaning::Off) {
            return Decision::Off(why(format!("{}: enabled is {}", off.origin, off.value)));
        }
        if let Some(odd) = first(Meaning::NotUnderstood) {
            return Decision::NotUnderstood(why(format!(
                "{}: enabled is {}, which is neither on nor off and so counts as off; write true or false",
                odd.origin, odd.value
            )));
        }
        if let Some(on) = first(Meaning::On)
            && explicit
        {
            return Decision::On(why(format!("{}: enabled is {}", on.origin, on.value)));
        }
    }
    if said.consent.said == Some(Said::OptIn) {
        return Decision::On(why("the operator of this host said opt-in"));
    }
    let until = said
        .consent
        .noticed
        .and_then(|noticed| noticed.checked_add(said.notice_period).ok());
    match until {
        Some(until) if until <= now => Decision::On(Why {
            text: "nobody said otherwise, and the notice was shown".to_owned(),
            explicit: false,
        }),
        until => Decision::Notice { until },
    }
}

/// consoledonottrack.com: unset, empty, 0 and false say nothing.
pub fn forbids(do_not_track: &str) -> bool {
    let value = do_not_track.trim();
    !(value.is_empty() || value == "0" || value.eq_ignore_ascii_case("false"))
}

impl Statement {
    /// What it means, in any of the usual words.
    pub fn meaning(&self) -> Meaning {
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

    fn now() -> Timestamp {
        "2026-11-22T11:00:00Z".parse().unwrap()
    }

    fn decide_by(
        do_not_track: Option<&str>,
        consent: Consent,
        statements: &[Value],
        packager: &[Value],
    ) -> Decision {
        let (statements, packager) = (said(statements), said(packager));
        let notice_period = Duration::from_secs(3600);
        decide(
            Voices {
                do_not_track,
                consent,
                statements: &statements,
                packager: &packager,
                notice_period,
            },
            now(),
        )
    }

    fn operator(said: Said) -> Consent {
        Consent {
            said: Some(said),
            ..Consent::default()
        }
    }

    fn noticed(minutes_ago: u64) -> Consent {
        Consent {
            noticed: Some(now() - Duration::from_secs(minutes_ago * 60)),
            ..Consent::default()
        }
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
            assert!(
                matches!(
                    decide_by(None, Consent::default(), std::slice::from_ref(&value), &[]),
                    Decision::On(_)
                ),
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
                    decide_by(None, Consent::default(), std::slice::from_ref(&value), &[]),
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
            let decision = decide_by(None, operator(Said::OptIn), std::slice::from_ref(&value), &[]);
            assert!(matches!(decision, Decision::NotUnderstood(_)), "{value}");
        }
    }

    /// Each row beats the rows below it.
    #[test]
    fn what_was_said_counts_in_order() {
        let on = [json!(true)];
        assert!(matches!(
            decide_by(Some("1"), operator(Said::OptIn), &on, &on),
            Decision::Off(_)
        ));
        assert!(matches!(
            decide_by(None, operator(Said::OptOut), &on, &on),
            Decision::Off(_)
        ));
        assert!(matches!(
            decide_by(None, operator(Said::OptIn), &[json!(true), json!("no")], &on),
            Decision::Off(_)
        ));
        assert!(matches!(
            decide_by(None, operator(Said::OptIn), &[json!(true), json!("?")], &on),
            Decision::NotUnderstood(_)
        ));
        assert!(matches!(
            decide_by(None, Consent::default(), &on, &[json!(false)]),
            Decision::On(Why { explicit: true, .. })
        ));
        assert!(matches!(
            decide_by(None, noticed(100), &[], &[json!(false)]),
            Decision::Off(_)
        ));
        assert!(matches!(
            decide_by(None, operator(Said::OptIn), &[], &[]),
            Decision::On(Why { explicit: true, .. })
        ));
        assert!(matches!(
            decide_by(None, noticed(100), &[], &on),
            Decision::On(Why { explicit: false, .. })
        ));
        assert!(matches!(decide_by(None, noticed(60), &[], &[]), Decision::On(_)));
        assert_eq!(
            decide_by(None, noticed(59), &[], &[]),
            Decision::Notice {
                until: Some(now() + Duration::from_secs(60))
            }
        );
        assert_eq!(
            decide_by(None, Consent::default(), &[], &on),
            Decision::Notice { until: None }
        );
    }

    #[test]
    fn do_not_track_says_nothing_when_it_is_empty_or_denied() {
        for value in ["1", "true", "yes", "x"] {
            assert!(forbids(value), "{value}");
        }
        for value in ["", " ", "0", "false", "FALSE"] {
            assert!(!forbids(value), "{value}");
        }
    }
}
