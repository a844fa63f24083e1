//! `ask`: a question, asked of the data directory; also beside a running server. Without a question it lists them.
//!
//! The filters are the parameters of all questions, so a question that is added needs nothing here.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use heliograph_collector::clock::Clock;
use heliograph_collector::question::filter::{COMMON, Parameter};
use heliograph_collector::question::release_health::{self, IMPROVED, NO_EVIDENCE, NOT_ENOUGH, REGRESSED};
use heliograph_collector::question::{self, Asked, Format, Page, Scope, Shape};
use heliograph_collector::store::Reader;
use heliograph_wire::id::Hour;

/// What is asked, as it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    question: Option<String>,
    format: Format,
    limit: Option<usize>,
    fail_on: Vec<String>,
    filters: Vec<(&'static str, String)>,
}

/// Names of the arguments that are no filters.
const QUESTION: &str = "question";
const FORMAT: &str = "format";
const LIMIT: &str = "limit";
const FAIL_ON: &str = "fail-on";
/// The question that it is about.
const VERDICTS: &str = "release-health";

/// The parameters of all questions, each once.
fn parameters() -> Vec<&'static Parameter> {
    let mut all: Vec<&Parameter> = COMMON.iter().collect();
    for parameter in question::ALL.iter().flat_map(|asked| asked.takes) {
        if all.iter().all(|known| known.name != parameter.name) {
            all.push(parameter);
        }
    }
    all
}

impl Args for Ask {
    fn augment_args(command: Command) -> Command {
        let filters = parameters().into_iter().map(|parameter| {
            Arg::new(parameter.name)
                .long(parameter.name)
                .value_name("VALUE")
                .action(ArgAction::Append)
                .help(parameter.about.trim_end_matches('.').replace('`', ""))
        });
        command
            .arg(
                Arg::new(QUESTION)
                    .value_name("QUESTION")
                    .help("Name of the question [default: list them]"),
            )
            .args(filters)
            .arg(
                Arg::new(FORMAT)
                    .long(FORMAT)
                    .value_name("FORMAT")
                    .default_value("table")
                    .value_parser(clap::value_parser!(Format))
                    .help("table, json or csv"),
            )
            .arg(
                Arg::new(LIMIT)
                    .long(LIMIT)
                    .value_name("N")
                    .value_parser(clap::value_parser!(usize))
                    .help("Print at most so many rows"),
            )
            .arg(
                Arg::new(FAIL_ON)
                    .long(FAIL_ON)
                    .value_name("VERDICT")
                    .action(ArgAction::Append)
                    .value_parser([REGRESSED, IMPROVED, NO_EVIDENCE, NOT_ENOUGH])
                    .help("Of release-health: exit with 1 where a unit has this verdict; may be given more than once"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Ask::augment_args(command)
    }
}

impl FromArgMatches for Ask {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Ask, clap::Error> {
        let mut ask = Ask::default();
        ask.update_from_arg_matches(matches)?;
        Ok(ask)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.question = matches.get_one(QUESTION).cloned();
        self.format = matches.get_one(FORMAT).copied().unwrap_or(Format::Table);
        self.limit = matches.get_one(LIMIT).copied();
        self.fail_on = matches.get_many(FAIL_ON).into_iter().flatten().cloned().collect();
        self.filters = parameters()
            .into_iter()
            .flat_map(|parameter| {
                let values = matches.get_many::<String>(parameter.name).into_iter().flatten();
                values.map(|value| (parameter.name, value.clone()))
            })
            .collect();
        Ok(())
    }
}

/// Asks, and prints the answer.
pub(crate) fn run(data: &Path, ask: &Ask, clock: &dyn Clock, out: &mut impl Write) -> anyhow::Result<()> {
    let mut failing = Vec::new();
    let printed = match &ask.question {
        Some(name) => {
            let asked = find(name)?;
            if !ask.fail_on.is_empty() && asked.name != VERDICTS {
                bail!("--{FAIL_ON} is about verdicts: ask {VERDICTS}");
            }
            let (mut text, named) = answer(data, asked, ask, clock)?;
            if !text.ends_with('\n') {
                text.push('\n');
            }
            failing = named;
            out.write_all(text.as_bytes())
        }
        None => list(out),
    };
    match printed.and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed.context("can't print")?,
    }
    match failing.is_empty() {
        true => Ok(()),
        false => bail!("{}", failing.join("; ")),
    }
}

fn find(name: &str) -> anyhow::Result<&'static Asked> {
    let Some(asked) = question::find(name) else {
        let close = question::close(name);
        match close.first() {
            Some(close) => bail!("there is no question `{name}` (did you mean `{close}`?); `ask` lists them"),
            None => bail!("there is no question `{name}`; `ask` lists them"),
        }
    };
    Ok(asked)
}

/// The answer, and what of it is to fail.
fn answer(data: &Path, asked: &Asked, ask: &Ask, clock: &dyn Clock) -> anyhow::Result<(String, Vec<String>)> {
    let pairs = ask.filters.iter().map(|(name, value)| (*name, value.as_str()));
    let filter = asked.filter(pairs, Hour::of(clock.now()))?;
    let shape = Shape {
        format: ask.format,
        page: Page {
            limit: ask.limit.unwrap_or(usize::MAX),
            ..Page::default()
        },
    };
    let reader = Reader::open(data)?;
    let snapshot = reader.snapshot()?;
    let scope = Scope::new(&snapshot, &filter)?;
    let mut failing = Vec::new();
    let rendered = match ask.fail_on.is_empty() {
        true => (asked.ask)(&scope, &shape)?,
        false => {
            let answer = release_health::ask(&scope)?;
            let rows = answer
                .rows
                .iter()
                .filter(|row| ask.fail_on.contains(&row.verdict));
            failing.extend(rows.map(|row| format!("{} in {}: {}", row.unit, row.version, row.verdict)));
            answer.render(&shape)
        }
    };
    if ask.format == Format::Csv && !rendered.counted.is_empty() {
        // It has no place in the rows. Where nobody listens to it, the rows are there still.
        let _ = writeln!(
            io::stderr(),
            "{} installations ({}), {} left out",
            rendered.installations,
            rendered.counted,
            rendered.left_out
        );
    }
    Ok((rendered.text, failing))
}

fn list(out: &mut impl Write) -> io::Result<()> {
    let wide = |names: &mut dyn Iterator<Item = &str>| names.map(str::len).max().unwrap_or_default();
    let width = wide(&mut question::ALL.iter().map(|asked| asked.name));
    for asked in question::ALL {
        writeln!(out, "{:<width$}  {}", asked.name, asked.about)?;
        let usual = asked.common == COMMON;
        let takes = asked.parameters().skip(if usual { COMMON.len() } else { 0 });
        let takes: Vec<_> = takes.map(|taken| format!("--{}", taken.name)).collect();
        if !takes.is_empty() {
            let only = if usual { "" } else { "only " };
            writeln!(out, "{:<width$}  {only}{}", "", takes.join(" "))?;
        }
    }
    let all = parameters();
    let width = wide(&mut all.iter().map(|parameter| parameter.name));
    writeln!(out, "\nQuestions take, where nothing else is said:")?;
    for (at, parameter) in all.iter().enumerate() {
        if at == COMMON.len() {
            writeln!(out, "\nSome take:")?;
        }
        let often = if parameter.many {
            " May be given more than once."
        } else {
            ""
        };
        writeln!(
            out,
            "  --{:<width$}  {}{often}",
            parameter.name,
            parameter.about.replace('`', "")
        )?;
    }
    Ok(())
}
