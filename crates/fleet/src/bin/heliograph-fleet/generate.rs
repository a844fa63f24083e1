//! `generate`: writes a fleet's messages as lines, or sends them to a collector, and its truth beside.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use heliograph_fleet::generate::post::{Post, Taken};
use heliograph_fleet::generate::{Change, Date, Fleet, FleetTruth, Message, Preset, Settings};

use crate::problem::Problem;

/// Largest write of lines, in bytes.
const BUFFER: usize = 1 << 20;

/// Make the messages of a whole fleet over weeks, and tell what is true of it.
///
/// The messages are those that signal would have sent; the same options give the same bytes. `heliograph-collector import` takes
/// the file, or `--to` sends them to a running collector. A summary goes to standard error.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// What the fleet is like where nothing else is said: small, bench or demo
    #[arg(long, default_value_t)]
    preset: Preset,
    /// Installations, beside those of CI
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    installations: Option<u32>,
    /// Days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4000))]
    days: Option<u32>,
    /// The last day
    #[arg(long, value_name = "DAY")]
    until: Option<Date>,
    /// Decides all that is left open: the same seed makes the same fleet
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The share of installations that begin within these days
    #[arg(long, value_name = "F", value_parser = share)]
    newcomers: Option<f64>,
    /// The share that falls silent for good
    #[arg(long, value_name = "F", value_parser = share)]
    silent: Option<f64>,
    /// The share of which a copy reports under the same id
    #[arg(long, value_name = "F", value_parser = share)]
    clones: Option<f64>,
    /// Clusters of CI that begin in a day
    #[arg(long, value_name = "F", value_parser = positive)]
    ci: Option<f64>,
    /// How alike installations are in how often units fail: shape of a gamma distribution, inf for all alike
    #[arg(long, value_name = "SHAPE", value_parser = positive)]
    spread: Option<f64>,
    /// Correlation of a unit's health from one hour to the next, from 0 to 0.99
    #[arg(long, value_name = "F", value_parser = correlation)]
    correlation: Option<f64>,
    /// What all rates of failure are multiplied by
    #[arg(long, value_name = "F", value_parser = positive)]
    failures: Option<f64>,
    /// What a release makes of a unit's rate of failure; may be given several times, in place of the preset's
    #[arg(long = "change", value_name = "UNIT@VERSION=FACTOR")]
    changes: Vec<Change>,
    /// No release makes anything of any unit
    #[arg(long, conflicts_with = "changes")]
    no_changes: bool,
    /// Let every report arrive, once and at once
    #[arg(long)]
    smooth: bool,
    /// List each cluster in the truth
    #[arg(long)]
    list_clusters: bool,
    /// Write the messages to a file, one a line; - for standard output
    #[arg(long, value_name = "FILE", required_unless_present = "to")]
    out: Option<PathBuf>,
    /// Send the messages to a collector, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL", conflicts_with = "out", requires = "key")]
    to: Option<String>,
    /// The write key, of the kind cluster
    #[arg(long, requires = "to")]
    key: Option<String>,
    /// Connections to the collector
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: u8,
    /// Write what is true of the fleet to a file, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

/// Makes the fleet.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever generates wants to know how fast that was"
)]
pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let settings = args.settings()?;
    let fleet = Fleet::new(&settings);
    let begun = Instant::now();
    let (truth, taken) = match (&args.to, &args.key, &args.out) {
        (Some(url), Some(key), _) => {
            let (truth, taken) = send(fleet, url, key, args.connections)?;
            (truth, Some(taken))
        }
        (_, _, Some(path)) => (write(fleet, path)?, None),
        _ => return Ok(()),
    };
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(path) = &args.truth {
        let json = serde_json::to_vec(&truth).map_err(io::Error::from);
        json.and_then(|json| std::fs::write(path, json))
            .map_err(|source| Problem::Truth {
                path: path.clone(),
                source,
            })?;
    }
    summarise(&truth, seconds, taken).map_err(Problem::Ready)
}

fn write(fleet: Fleet, path: &PathBuf) -> Result<FleetTruth, Problem> {
    let failed = |source| Problem::Messages {
        path: path.clone(),
        source,
    };
    let out: Box<dyn Write> = if path.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(path).map_err(failed)?)
    };
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let lines = |message: Message<'_>| {
        out.write_all(message.text)?;
        out.write_all(b"\n")
    };
    let truth = fleet.run(lines).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(truth)
}

fn send(fleet: Fleet, url: &str, key: &str, connections: u8) -> Result<(FleetTruth, Taken), Problem> {
    let mut post = Post::to(url, key, connections.into());
    let sent = fleet.run(|message| post.send(message));
    match (sent, post.finish()) {
        (Ok(truth), Ok(taken)) => Ok((truth, taken)),
        // What a thread says is why nothing more could be sent.
        (_, Err(error)) | (Err(error), _) => Err(Problem::Post(error)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn summarise(truth: &FleetTruth, seconds: f64, taken: Option<Taken>) -> io::Result<()> {
    let messages = &truth.messages;
    let mut out = io::stderr().lock();
    writeln!(
        out,
        "{} messages of {} installations from {} to {}: {} count, {} stand beside, {} come again, {} come late",
        messages.sent,
        truth.window.installations,
        truth.from,
        truth.to,
        messages.counted,
        messages.beside,
        messages.again,
        messages.late
    )?;
    writeln!(
        out,
        "{seconds:.1} s, {:.0} messages a second",
        messages.sent as f64 / seconds
    )?;
    if let Some(taken) = taken {
        writeln!(
            out,
            "the collector: {} accepted, {} duplicate, {} rejected in {} batches, of which {} were sent again",
            taken.accepted, taken.duplicate, taken.rejected, taken.batches, taken.retried
        )?;
    }
    Ok(())
}

impl Args {
    fn settings(&self) -> Result<Settings, Problem> {
        let mut settings = self.preset.settings();
        let set = |to: &mut f64, from: Option<f64>| *to = from.unwrap_or(*to);
        settings.installations = self.installations.unwrap_or(settings.installations);
        settings.days = self.days.unwrap_or(settings.days);
        settings.until = self.until.unwrap_or(settings.until);
        settings.seed = self.seed.unwrap_or(settings.seed);
        settings.list_clusters |= self.list_clusters;
        set(&mut settings.newcomers, self.newcomers);
        set(&mut settings.silent, self.silent);
        set(&mut settings.clones, self.clones);
        set(&mut settings.ci, self.ci);
        set(&mut settings.spread, self.spread);
        set(&mut settings.correlation, self.correlation);
        set(&mut settings.failures, self.failures);
        if self.no_changes || !self.changes.is_empty() {
            settings.changes.clone_from(&self.changes);
        }
        settings.check().map_err(Problem::Change)?;
        Ok(if self.smooth { settings.smooth() } else { settings })
    }
}

fn number(text: &str, within: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| within(*number));
    number.ok_or_else(|| expected.to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    number(
        text,
        |share| (0.0..=1.0).contains(&share),
        "a share is a number from 0 to 1, such as 0.02 for 2 %",
    )
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |number| number > 0.0, "it is a number above 0")
}

fn correlation(text: &str) -> Result<f64, String> {
    number(
        text,
        |share| (0.0..=0.99).contains(&share),
        "a correlation is a number from 0 to 0.99",
    )
}
