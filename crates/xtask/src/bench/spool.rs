//! The spool: parcels kept a second, each synced, and how long a full one takes to be read again after a restart.
#![expect(clippy::print_stdout, reason = "the commands' own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use heliograph_signal::clock::Clock;
use heliograph_signal::spool::{Bounds, Spool};
use heliograph_signal::state::State;
use heliograph_wire::id::Hour;
use heliograph_wire::parcel::{Kind, Parcel};

/// Parcels of the first measurement.
const PARCELS: i64 = 500;
/// A report of the seed's size: three messages, about 6 kB.
const MESSAGE: usize = 2_000;

pub(crate) fn bench() -> anyhow::Result<()> {
    // Below cargo's folder: /tmp is often memory, where a sync costs nothing.
    let folder = tempfile::tempdir_in(crate::run::target_folder())?;
    let now = Clock::new(None).wall();
    let bounds = Bounds {
        bytes: 64 << 20,
        age: Duration::from_secs(40 * 24 * 3600),
    };
    let spool = Spool::open(&State::open(folder.path().join("state"))?, bounds)?;

    let begun = Instant::now();
    for hour in 0..PARCELS {
        spool.put(&parcel(hour)?, now)?;
    }
    let kept = per_second(begun);
    let synced = plain_sync(folder.path())?;
    println!(
        "The spool on the disk that cargo's target folder is on; each parcel is a file of {} bytes.",
        parcel(0)?.encode().len()
    );
    println!("  parcels kept, written aside, synced, renamed, directory synced   {kept:.0} a second");
    println!(
        "  the same bytes appended to one file and synced, for comparison   {synced:.0} a second ({:.1} times)",
        synced / kept
    );

    // Fill it to its bound without the syncs, as a month offline would have, then look at it as a restart does.
    let full = 64 * (1 << 20) / (parcel(0)?.encode().len() + 64);
    for hour in PARCELS..i64::try_from(full)? {
        let parcel = parcel(hour)?;
        std::fs::write(
            spool
                .path()
                .join(format!("{}.report", Hour::of(parcel.collected))),
            parcel.encode(),
        )?;
    }
    let begun = Instant::now();
    let entries = spool.list()?;
    let listed = begun.elapsed();
    let mut read = 0;
    for entry in &entries {
        read += usize::from(spool.read(entry)?.is_some());
    }
    let total = begun.elapsed();
    println!(
        "  a full spool, {} parcels: listed in {:.3} s, all read and checked in {:.3} s",
        entries.len(),
        listed.as_secs_f64(),
        total.as_secs_f64()
    );
    anyhow::ensure!(read == entries.len(), "a parcel was damaged");
    Ok(())
}

fn parcel(hour: i64) -> anyhow::Result<Parcel> {
    let collected = Hour::from_number(480_000 + hour)
        .ok_or_else(|| anyhow::anyhow!("an hour"))?
        .start();
    let message = |n: usize| format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(MESSAGE));
    Ok(Parcel {
        kind: Kind::Report,
        collected,
        messages: (0..3).map(message).collect(),
    })
}

fn plain_sync(folder: &Path) -> anyhow::Result<f64> {
    let mut file = File::create(folder.join("plain"))?;
    let bytes = parcel(0)?.encode();
    let begun = Instant::now();
    for _ in 0..PARCELS {
        file.write_all(bytes.as_bytes())?;
        file.sync_data()?;
    }
    Ok(per_second(begun))
}

fn per_second(begun: Instant) -> f64 {
    f64::from(i32::try_from(PARCELS).unwrap_or(i32::MAX)) / begun.elapsed().as_secs_f64()
}
