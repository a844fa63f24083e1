//! `outcomes`: what became of messages, by day; clusters that are flagged; and the last messages that were not simply taken. Also
//! beside a running server.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use heliograph_collector::clock::Clock;
use heliograph_collector::delta::Day;
use heliograph_collector::ingest::outcome::Outcome;
use heliograph_collector::ingest::violation::Violation;
use heliograph_collector::question::{Date, visible};
use heliograph_collector::store::{Counted, Flagged, Reader, Remembered};
use heliograph_wire::time::rfc3339;
use serde_json::json;

use crate::cli::Outcomes;

/// Prints what is asked for.
pub(crate) fn print(
    data: &Path,
    asked: &Outcomes,
    clock: &dyn Clock,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let wanted = Wanted::of(asked.reason.as_deref())?;
    let reader = Reader::open(data)?;
    let today = Day::of(clock.now());
    let since = Day(today.0.saturating_sub(i64::from(asked.days).saturating_sub(1)));
    let mut counted = reader.outcomes(since)?;
    counted.retain(|counted| wanted.takes(&counted.reason));
    let mut remembered = reader.samples()?;
    remembered.retain(|sample| wanted.takes(&sample.reason));
    remembered.truncate(asked.limit);
    let flagged = match asked.reason {
        Some(_) => Vec::new(),
        None => reader.flags(since)?,
    };
    if asked.json {
        print_json(&counted, &flagged, &remembered, out)
    } else {
        print_tables(&counted, &flagged, &remembered, out)
    }
}

/// Which reasons are asked for.
struct Wanted<'a>(Option<&'a str>);

impl<'a> Wanted<'a> {
    fn of(reason: Option<&'a str>) -> anyhow::Result<Wanted<'a>> {
        let wanted = Wanted(reason);
        let outcomes = Outcome::ALL.into_iter().map(Outcome::name);
        let names: Vec<_> = outcomes
            .chain(Violation::ALL.into_iter().map(Violation::name))
            .collect();
        match reason {
            Some(reason) if !names.iter().any(|name| wanted.takes(name)) => {
                bail!("there is no outcome `{reason}`; there are {}", names.join(", "))
            }
            _ => Ok(wanted),
        }
    }

    /// By its name, or by what stands before the point.
    fn takes(&self, name: &str) -> bool {
        self.0.is_none_or(|wanted| {
            let group = name.split('.').next().unwrap_or_default();
            name.eq_ignore_ascii_case(wanted) || group.eq_ignore_ascii_case(wanted)
        })
    }
}

fn print_tables(
    counted: &[Counted],
    flagged: &[Flagged],
    remembered: &[Remembered],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    writeln!(out, "{:<10}  {:<28}  {:>12}", "DAY", "OUTCOME", "MESSAGES")?;
    for Counted {
        day,
        reason,
        messages,
    } in counted
    {
        writeln!(out, "{}  {reason:<28}  {messages:>12}", Date(*day))?;
    }
    if !flagged.is_empty() {
        writeln!(out, "\n{:<10}  {:<8}  CLUSTER", "DAY", "FLAG")?;
    }
    for Flagged { day, cluster, flag } in flagged {
        writeln!(out, "{}  {flag:<8}  {}", Date(*day), shown(cluster))?;
    }
    writeln!(
        out,
        "\n{:<24}  {:>4}  {:<28}  {:<24}  {:<24}  MESSAGE ID",
        "RECEIVED", "KEY", "OUTCOME", "EVENT", "FIELD"
    )?;
    for sample in remembered {
        writeln!(
            out,
            "{:<24}  {:>4}  {:<28}  {:<24}  {:<24}  {}",
            rfc3339(sample.received),
            sample.key.0,
            sample.reason,
            shown(&sample.event),
            shown(&sample.hint),
            shown(&sample.message_id),
        )?;
    }
    Ok(())
}

fn print_json(
    counted: &[Counted],
    flagged: &[Flagged],
    remembered: &[Remembered],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let days: Vec<_> = counted
        .iter()
        .map(
            |Counted {
                 day,
                 reason,
                 messages,
             }| { json!({"day": Date(*day), "outcome": reason, "messages": messages}) },
        )
        .collect();
    let last: Vec<_> = remembered
        .iter()
        .map(|sample| {
            json!({
                "received": rfc3339(sample.received), "key": sample.key.0, "outcome": sample.reason,
                "event": sample.event, "field": sample.hint, "messageId": sample.message_id,
            })
        })
        .collect();
    let flags: Vec<_> = flagged
        .iter()
        .map(|Flagged { day, cluster, flag }| json!({"day": Date(*day), "cluster": cluster, "flag": flag}))
        .collect();
    let all = json!({"days": days, "flags": flags, "last": last});
    Ok(writeln!(out, "{all}")?)
}

/// `2026-11-22`
/// Names that senders chose, so that they always take a column.
fn shown(text: &str) -> Cow<'_, str> {
    match text {
        "" => Cow::Borrowed("-"),
        text => visible(text),
    }
}
