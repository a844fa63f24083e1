//! One cycle of signal against emulated clusters of growing size, beside the transport alone and beside what a general JSON
//! reader would need for the same report.
#![expect(clippy::print_stdout, reason = "the commands' own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::fs;
use std::time::Instant;

use heliograph_fleet::{ClusterSpec, Documents, Emulation};
use heliograph_signal::tally;
use heliograph_wire::catalogue::{Catalogue, Names};
use serde_json::json;

use super::measure::{Used, median};
use crate::run::{build_programs, target_folder};

/// Nodes of each cluster, and what the original took on 2 cores: CPU seconds, MiB (`-test`, 1.10 units).
const SIZES: [(usize, f64, f64); 4] = [
    (3, 0.009, 8.1),
    (100, 0.152, 31.1),
    (1_000, 0.977, 201.7),
    (5_000, 4.018, 896.0),
];
const TIMES: usize = 5;

pub(crate) fn bench() -> anyhow::Result<()> {
    build()?;
    let signal = target_folder().join("small/heliograph-signal");
    println!(
        "heliograph-signal preview, as shipped: medians of {TIMES} runs of the whole process; the cluster is emulated in another process over loopback."
    );
    println!(
        "\"original\" is what dcos-signal 0.4.0 -test was measured to take on 2 cores of another machine; \"transport\" is curl to nowhere, in this run.\n"
    );
    println!(
        "| nodes | report MB | CPU s | peak MiB | wall s | transport CPU s | original CPU s | original MiB | share of the original's CPU |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (nodes, original_cpu, original_mib) in SIZES {
        let documents = Documents::generate(&ClusterSpec::sized(nodes));
        let megabytes = megabytes(documents.health.len());
        let cluster = Emulation::builder(documents).start()?;
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("signal.json");
        fs::write(
            &config,
            json!({
                "diagnostics_urls": [cluster.diagnostics_url()], "cosmos_urls": [cluster.cosmos_url()],
                "mesos_urls": [cluster.frameworks_url(), cluster.metrics_url()], "gen_provider": "aws", "enabled": true,
                "cluster_id": "70b28f00-e38f-41b2-a723-aab344f535b9", "source_timeout": "60s",
                "state_dir": folder.path().join("state"),
            })
            .to_string(),
        )?;
        let used = median(
            &[
                &signal.to_string_lossy(),
                "preview",
                "-c",
                &config.to_string_lossy(),
            ],
            TIMES,
        )?;
        let transport = median(
            &["curl", "-s", "-o", "/dev/null", &cluster.diagnostics_url()],
            TIMES,
        )
        .map(|used| used.cpu);
        let Used { cpu, peak_kib, wall } = used;
        println!(
            "| {nodes} | {megabytes:.2} | {cpu:.3} | {:.1} | {wall:.3} | {} | {original_cpu} | {original_mib} | {:.0} % |",
            peak_kib / 1024.0,
            transport.map_or("curl is missing".to_owned(), |cpu| format!("{cpu:.3}")),
            cpu / original_cpu * 100.0,
        );
    }
    readers();
    Ok(())
}

fn build() -> anyhow::Result<()> {
    build_programs("small", &["heliograph-signal"], &[])
}

/// The same report, in this process: our reader and tally, and serde_json without any.
fn readers() {
    let report = Documents::generate(&ClusterSpec::sized(1_000)).health;
    let catalogue = Catalogue::new(Names::Catalogue, vec![]);
    let best = |read: &dyn Fn() -> bool| {
        let runs = (0..TIMES).map(|_| {
            let begun = Instant::now();
            assert!(read());
            begun.elapsed().as_secs_f64()
        });
        megabytes(report.len()) / runs.fold(f64::INFINITY, f64::min)
    };
    let ours = best(&|| tally::read(&report[..], &catalogue).is_ok());
    let ignored = best(&|| {
        serde_json::from_reader::<_, serde::de::IgnoredAny>(std::io::BufReader::with_capacity(
            64 * 1024,
            &report[..],
        ))
        .is_ok()
    });
    let tree = best(&|| serde_json::from_slice::<serde_json::Value>(&report).is_ok());
    println!("\nReading the report of 1,000 nodes from memory, MB/s, best of {TIMES}:");
    println!("  our pull reader with the tally        {ours:.0}");
    println!(
        "  serde_json from_reader, all ignored   {ignored:.0}  ({:.1} times slower)",
        ours / ignored
    );
    println!(
        "  serde_json from_slice into a Value    {tree:.0}  ({:.1} times slower, and the whole tree in memory)",
        ours / tree
    );
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
