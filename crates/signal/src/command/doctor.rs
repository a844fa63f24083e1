//! `doctor`: tries everything that a report needs, and sends no data. While telemetry is off it tries nothing; during the notice
//! period, only what needs no connection.

use std::io::Write;
use std::time::Duration;

use heliograph_wire::catalogue::Catalogue;
use heliograph_wire::segment::BATCH_PATH;
use jiff::Timestamp;

use super::Error;
use crate::cluster_id;
use crate::cycle::Cycle;
use crate::enterprise::login::Login;
use crate::enterprise::{self, licence};
use crate::gate::Decision;
use crate::http::Client;
use crate::http::url::Url;
use crate::sink::{self, Sink};
use crate::source::{Asker, Problem};

/// How far the clock may be off before it is worth a word; servers correct for it.
const DRIFT: i64 = 60;

/// Tries, and writes a line each; `false` when something is wrong.
///
/// # Errors
/// It could not begin.
pub fn doctor(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<bool, Error> {
    let decision = cycle.decide()?;
    match &decision {
        Decision::On(why) => writeln!(out, "ok    telemetry is on: {why}")?,
        Decision::Notice { .. } => writeln!(
            out,
            "note  nothing is sent yet: the notice period runs; sources and sink are tried when it is over, or after opt-in"
        )?,
        Decision::Off(why) | Decision::NotUnderstood(why) => {
            writeln!(
                out,
                "off   {why}; nothing was tried, since that would open a connection"
            )?;
            return Ok(true);
        }
    }
    let mut report = Findings { out, well: true };
    match cluster_id::find_without_making(cycle.config) {
        Ok(Some(id)) => report.ok(&format!("cluster id {id}"))?,
        Ok(None) => report.note(&format!(
            "cluster id: {} will be made",
            cycle.config.cluster_id_path.display()
        ))?,
        Err(error) => report.bad(&error.to_string())?,
    }
    match cycle.state().and_then(|state| state.reporter().map(|_| state)) {
        Ok(state) => match state.check_writable() {
            Ok(()) => report.ok(&format!("state directory {}", state.path().display()))?,
            Err(error) => report.bad(&crate::cause::chain(&error))?,
        },
        Err(error) => report.bad(&crate::cause::chain(&error))?,
    }
    if let Decision::Notice { .. } = decision {
        return Ok(report.well);
    }
    let client = cycle.client()?;
    let login = report.enterprise(cycle, &client)?;
    let catalogue = Catalogue::new(cycle.config.names, cycle.config.units.clone());
    let asker = Asker {
        client: &client,
        catalogue: &catalogue,
        timeout: cycle.config.source_timeout,
        login: login.as_ref(),
    };
    let config = cycle.config;
    let sources = cycle.sources();
    for url in sources.diagnostics {
        report.source(
            url,
            asker
                .health(url)
                .map(|tally| format!("{} units", tally.units.len())),
        )?;
    }
    for url in sources.cosmos {
        report.source(
            url,
            asker
                .packages(url)
                .map(|answer| format!("{} packages", answer.packages.len())),
        )?;
    }
    for url in sources.mesos {
        let told = |answer: heliograph_wire::mesos::Answer| match answer.frameworks {
            Some(names) => format!("{} frameworks", names.len()),
            None => format!("{} numbers", answer.metrics.len()),
        };
        report.source(url, asker.mesos(url).map(told))?;
    }
    match cycle.write_key() {
        Ok(key) => report.sink(
            Sink {
                client: &client,
                url: &config.sink,
                key: &key,
            },
            cycle.clock.wall(),
        )?,
        Err(error) => report.bad(&error.to_string())?,
    }
    Ok(report.well)
}

struct Findings<'a> {
    out: &'a mut dyn Write,
    well: bool,
}

impl Findings<'_> {
    fn ok(&mut self, text: &str) -> std::io::Result<()> {
        writeln!(self.out, "ok    {text}")
    }

    fn note(&mut self, text: &str) -> std::io::Result<()> {
        writeln!(self.out, "note  {text}")
    }

    fn bad(&mut self, text: &str) -> std::io::Result<()> {
        self.well = false;
        writeln!(self.out, "BAD   {text}")
    }

    /// The service account and the licensing service, where there may be such.
    fn enterprise<'c>(
        &mut self,
        cycle: &Cycle<'_>,
        client: &'c Client,
    ) -> std::io::Result<Option<Login<'c>>> {
        if let Some(place) = enterprise::licensing_place(cycle.config) {
            let socket = place.path.display();
            match licence::ask(&place.path) {
                Ok(Some(_)) => self.ok(&format!("licensing service {socket}: a licence"))?,
                Ok(None) => self.note(&format!("licensing service {socket}: no licence"))?,
                Err(problem) if place.expected => {
                    self.bad(&format!("licensing service {socket}: {problem}"))?
                }
                Err(problem) => self.note(&format!("licensing service {socket}: {problem}"))?,
            }
        }
        let Some(place) = enterprise::account_place(cycle.config, cycle.environment) else {
            return Ok(None);
        };
        let login = Login::begin(client, &place, cycle.clock);
        match login.problem() {
            None => self.ok(&format!("service account {}: logged in", place.path.display()))?,
            Some(why) if place.expected || place.path.exists() => self.bad(&why)?,
            Some(why) => self.note(&why)?,
        }
        Ok(Some(login))
    }

    fn source(&mut self, url: &Url, found: Result<String, Problem>) -> std::io::Result<()> {
        match found {
            Ok(what) => self.ok(&format!("{url}: {what}")),
            Err(problem) => self.bad(&format!("{url}: {problem}")),
        }
    }

    /// An empty batch is what tells a key that is known from one that is not, and carries nothing.
    fn sink(&mut self, sink: Sink<'_>, now: Timestamp) -> std::io::Result<()> {
        let answer = match sink.post(BATCH_PATH, b"{\"batch\":[]}", &[], Duration::from_secs(20)) {
            Ok(answer) => answer,
            Err(problem) => return self.bad(&format!("{}: {problem}", sink.url)),
        };
        match answer.status {
            200 => self.ok(&format!("{} takes the write key", sink.url))?,
            // Some sinks will not take an empty batch; that one was refused for what it holds shows that the key was taken.
            400 => self.ok(&format!("{} answers, and did not refuse the write key", sink.url))?,
            status => self.bad(&format!("{} answered {status}{}", sink.url, sink::hint(status)))?,
        }
        let theirs = answer
            .header("date")
            .and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        match theirs.map(|theirs| now.as_second() - theirs.timestamp().as_second()) {
            Some(off) if off.abs() > DRIFT => self.note(&format!(
                "this host's clock is {off} s ahead of the sink's; times are corrected for it"
            )),
            Some(_) => self.ok("this host's clock agrees with the sink's"),
            None => self.note("the sink does not tell its time"),
        }
    }
}
