//! `check`: this node's units as a table, and how it is as an exit code.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use heliograph_diagnostics::clock::SystemClock;
use heliograph_diagnostics::config::Config;
use heliograph_diagnostics::consumer::Consumer;
use heliograph_diagnostics::document::node::NodeDocument;
use heliograph_diagnostics::journal::Journal;
use heliograph_diagnostics::model::Model;
use heliograph_diagnostics::this_node::ThisNode;
use heliograph_diagnostics::unit::Health;
use heliograph_diagnostics::{facts, neighbour, systemd};
use tokio::sync::watch;

use crate::cli::Check;

/// What is said when nobody has watched.
const ONCE: &str = "No daemon answered: this is one moment, in which units that come and go may be up.\n";

/// Asks, prints, and returns the node's health as a number.
pub(crate) fn run(config: &Config, check: &Check) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    let (document, once) = runtime.block_on(async {
        let asked = match check.direct {
            true => None,
            false => neighbour::ask(&config.listen.places).await,
        };
        match asked {
            Some(document) => (document, false),
            None => (ask_systemd(config, check.journal).await, true),
        }
    });
    let mut out = io::stdout().lock();
    if check.json {
        serde_json::to_writer_pretty(&mut out, &document)?;
        out.write_all(b"\n")?;
    } else {
        out.write_all(table(&document, check.journal).as_bytes())?;
        if once {
            out.write_all(ONCE.as_bytes())?;
        }
    }
    Ok(ExitCode::from(document.health().number()))
}

/// What systemd says at this moment.
async fn ask_systemd(config: &Config, journal: bool) -> NodeDocument {
    let clock = SystemClock;
    let model = match systemd::read_once(&config.systemd, &clock).await {
        Ok(model) => model,
        Err(error) => {
            let mut model = Model::default();
            model.lose(error.to_string());
            model
        }
    };
    let node = ThisNode::new(
        watch::channel(facts::begin(&config.node)).1,
        watch::channel(model).1,
        Journal::new(config.journal.clone()),
        config.rules.clone(),
        config.systemd.stale(),
        Arc::new(clock),
    );
    node.document(&Consumer { journal }).await.0
}

/// One line a unit, and one for all.
fn table(node: &NodeDocument, journal: bool) -> String {
    let width = |of: fn(&Line<'_>) -> usize, lines: &[Line<'_>]| lines.iter().map(of).max().unwrap_or(0);
    let lines: Vec<Line<'_>> = node
        .units
        .iter()
        .map(|unit| Line {
            name: &unit.id,
            health: unit.health.word(),
            state: format!("{} ({})", unit.active_state, unit.sub_state),
            reason: &unit.reason,
        })
        .collect();
    let name = width(|line| line.name.len(), &lines);
    let state = width(|line| line.state.len(), &lines);
    let mut text = String::new();
    for (line, unit) in lines.iter().zip(&node.units) {
        let row = format!(
            "{:name$}  {:9}  {:state$}  {}",
            line.name, line.health, line.state, line.reason
        );
        // Nothing fails to be written into a string.
        let _ = writeln!(text, "{}", row.trim_end());
        if journal && let Some((_, lines)) = unit.output.split_once('\n') {
            for line in lines.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    let count = |health| node.units.iter().filter(|unit| unit.health == health).count();
    let _ = writeln!(
        text,
        "{} units: {} healthy, {} unhealthy, {} unknown",
        node.units.len(),
        count(Health::Healthy),
        count(Health::Unhealthy),
        count(Health::Unknown)
    );
    if let Some(problem) = &node.problem {
        let _ = writeln!(text, "systemd can't be asked: {problem}");
    }
    text
}

/// A row of the table.
struct Line<'a> {
    name: &'a str,
    health: &'static str,
    state: String,
    reason: &'a str,
}
