//! `cluster`: serves one cluster until standard input closes. SIGINT and SIGTERM end the process as they end any:
//! it holds nothing that would have to be put away.

use std::io::{self, Write as _};
use std::path::PathBuf;

use heliograph_fleet::spec::{FailingSpec, Release};
use heliograph_fleet::{ClusterSpec, Documents, Emulation, Fault, Source, Truth};
use serde_json::json;

use crate::problem::Problem;

/// Serve the four sources of one cluster until standard input closes.
///
/// One line of JSON on standard output tells the URLs once they can be asked.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The release, which decides the units: 1.8 or 1.10
    #[arg(long, default_value_t)]
    release: Release,
    /// Masters; the first one leads
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    masters: usize,
    /// Private agents
    #[arg(long, value_name = "N", default_value_t = 1)]
    agents: usize,
    /// Public agents
    #[arg(long, value_name = "N", default_value_t = 1)]
    public_agents: usize,
    /// The share of nodes that have a failing unit, from 0 to 1
    #[arg(long, value_name = "F", default_value_t = 0.0, value_parser = share)]
    failing_share: f64,
    /// Nodes that can't be reached
    #[arg(long, value_name = "N", default_value_t = 0)]
    unreachable: usize,
    /// Installed packages
    #[arg(long, value_name = "A,B", value_delimiter = ',', default_values_t = ClusterSpec::package_names(2))]
    packages: Vec<String>,
    /// Active frameworks
    #[arg(long, value_name = "A,B", value_delimiter = ',', default_values_t = ClusterSpec::framework_names(2))]
    frameworks: Vec<String>,
    /// The share of cores, memory and disk that is in use, from 0 to 1
    #[arg(long, value_name = "F", default_value_t = 0.5, value_parser = share)]
    used: f64,
    /// Running tasks
    #[arg(long, value_name = "N", default_value_t = 12)]
    tasks: u32,
    /// Decides all that is left open: the same seed makes the same cluster
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Serve health.json, cosmos.json, frameworks.json and metrics.json of a folder instead
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "release", "masters", "agents", "public_agents", "failing_share", "unreachable", "packages", "frameworks",
        "used", "tasks", "seed", "truth",
    ])]
    documents: Option<PathBuf>,
    /// Give a source (diagnostics, cosmos, frameworks, metrics) a fault, such as cosmos=status:503
    #[arg(long = "fault", value_name = "SOURCE=FAULT", value_parser = fault)]
    faults: Vec<(Source, Fault)>,
    /// Compress for clients that accept gzip
    #[arg(long)]
    gzip: bool,
    /// The first of four consecutive ports on 127.0.0.1; 0 for any free ones
    #[arg(long, value_name = "P", default_value_t = 0)]
    port_base: u16,
    /// Write what is true of the cluster to a file, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

/// Serves until standard input closes.
pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let documents = match &args.documents {
        Some(folder) => Documents::from_dir(folder).map_err(Problem::Documents)?,
        None => generate(args)?,
    };
    let mut builder = Emulation::builder(documents)
        .gzip(args.gzip)
        .port_base(args.port_base);
    for (source, fault) in &args.faults {
        builder = builder.fault(*source, *fault);
    }
    let emulation = builder.start().map_err(|source| Problem::Ports {
        base: args.port_base,
        source,
    })?;
    ready(&emulation).map_err(Problem::Ready)?;
    // An error of standard input is an end of it too.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    Ok(())
}

fn generate(args: &Args) -> Result<Documents, Problem> {
    let named = |names: &[String]| names.iter().filter(|name| !name.is_empty()).cloned().collect();
    let spec = ClusterSpec {
        seed: args.seed,
        release: args.release,
        masters: args.masters,
        agents: args.agents,
        public_agents: args.public_agents,
        failing: FailingSpec::Share(args.failing_share),
        unreachable: args.unreachable,
        packages: named(&args.packages),
        frameworks: named(&args.frameworks),
        used: args.used,
        tasks: args.tasks,
        ..ClusterSpec::default()
    };
    if spec.unreachable >= spec.nodes() {
        return Err(Problem::TooManyUnreachable {
            asked: spec.unreachable,
            nodes: spec.nodes(),
        });
    }
    if let Some(path) = &args.truth {
        let json = serde_json::to_vec_pretty(&Truth::of(&spec)).map_err(io::Error::from);
        json.and_then(|json| std::fs::write(path, json))
            .map_err(|source| Problem::Truth {
                path: path.clone(),
                source,
            })?;
    }
    Ok(Documents::generate(&spec))
}

fn ready(emulation: &Emulation) -> io::Result<()> {
    let line = json!({
        "diagnostics": emulation.diagnostics_url(),
        "cosmos": emulation.cosmos_url(),
        "frameworks": emulation.frameworks_url(),
        "metrics": emulation.metrics_url(),
    });
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a cluster has at least one master".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1, such as 0.02 for 2 %".to_owned()),
    }
}

fn fault(text: &str) -> Result<(Source, Fault), String> {
    let Some((source, fault)) = text.split_once('=') else {
        return Err("write it as SOURCE=FAULT, such as cosmos=status:503".to_owned());
    };
    let source: Source = source.parse().map_err(|error| format!("{error}"))?;
    let fault: Fault = fault.parse().map_err(|error| format!("{error}"))?;
    if fault.applies_to(source) {
        Ok((source, fault))
    } else {
        Err(format!(
            "{source} can't have the fault {fault}: its document has no such place"
        ))
    }
}
