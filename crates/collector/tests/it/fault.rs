//! Single writes and syncs that fail, each of a whole life: told with a 503, or at the start; nothing is damaged or lost, even when
//! the power is cut at the end; and on it goes at once. Disks that stay full or read-only are in `disk`.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::chance::long;
use crate::collector::{TestCollector, key};
use crate::receipt::public_key;
use crate::sender::{Kind, Sender, check};
use crate::shim::{Disk, Shim};

/// Error numbers of Linux.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// Requests that each sender gets through in a life.
const REQUESTS: usize = 3;
/// Steps that are tried in the short form.
const TRIED: u64 = 30;
/// Most answers of 503 to one failure.
const MOST_REFUSED: usize = 8;

/// A data directory with keys and secrets, and copies of it.
struct Origin<'a> {
    shim: &'a Shim,
    server: String,
    cluster: String,
    public_key: String,
}

/// How a life went.
struct Lived {
    listened: bool,
    refused: usize,
    steps: u64,
}

impl Origin<'_> {
    fn new(shim: &Shim) -> Origin<'_> {
        let data = shim.data("origin");
        Origin {
            shim,
            server: key(&data, "server"),
            cluster: key(&data, "cluster"),
            public_key: public_key(&data),
        }
    }

    /// A life on a copy of the directory, and another one in which all is well.
    fn live(&self, name: &str, disk: Disk) -> Lived {
        let data = self.shim.data(name);
        copy(&self.shim.data("origin"), &data);
        let mut senders = [
            Sender::new(0, Kind::Server, &self.server),
            Sender::new(1, Kind::Cluster, &self.cluster),
        ];
        let environment = self.shim.environment(self.shim.root.path(), disk);
        let (mut collector, listened) = TestCollector::in_environment(&data, &[], &environment);
        if listened {
            for sender in &mut senders {
                sender.send(collector.address(), |taken| taken == REQUESTS);
            }
            let ended = collector.stop();
            assert!(
                ended.success() || disk.cut.is_some(),
                "{name}: {}",
                collector.log()
            );
        } else if disk.cut.is_none() {
            assert!(collector.log().contains("can't"), "{name}: {}", collector.log());
        }
        assert!(
            !collector.log().contains("panicked"),
            "{name}: {}",
            collector.log()
        );
        let steps = self.shim.steps();
        assert!(collector.restart_in(&[]), "{name}: {}", collector.log());
        for sender in &mut senders {
            sender.settle(collector.address());
            sender.send(collector.address(), |taken| taken == 1);
        }
        if let Err(error) = check(&data, &senders, &self.public_key) {
            panic!("{name}: {error}\n{}\n{}", steps.join("\n"), collector.log());
        }
        Lived {
            listened,
            refused: senders.iter().map(|sender| sender.refused).sum(),
            steps: u64::try_from(steps.len()).unwrap(),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

/// Lets every step of a life fail, alone and with those behind it.
fn every_step_fails(error: i32) {
    let Some(shim) = Shim::build() else { return };
    let origin = Origin::new(&shim);
    let well = origin.live("well", Disk::default());
    assert!(well.listened && well.refused == 0);
    let every = if long() { 1 } else { (well.steps / TRIED).max(1) };
    let (mut lives, mut not_started, mut refused) = (0, 0, 0);
    for first in (1..=well.steps).step_by(usize::try_from(every).unwrap()) {
        let count = 1 + first % 3 * 2;
        let disk = Disk {
            fails: Some((first, count, error)),
            seed: first,
            ..Disk::default()
        };
        // What failed must not be missing later: neither what was synced before, nor what is synced next.
        let soon = Disk {
            cut: Some(first + count + 25),
            ..disk
        };
        origin.live(&format!("{error}-{first}-soon"), soon);
        let at_the_end = Disk {
            cut_at_end: true,
            ..disk
        };
        let lived = origin.live(&format!("{error}-{first}"), at_the_end);
        assert!(lived.refused <= MOST_REFUSED, "{first} {}", lived.refused);
        lives += 1;
        not_started += usize::from(!lived.listened);
        refused += lived.refused;
    }
    let _ = writeln!(
        io::stderr(),
        "fault {error}: {lives} lives of about {} steps; {not_started} did not start, {refused} requests got a 503",
        well.steps
    );
    assert!(refused > 0);
}

#[test]
fn any_write_or_sync_may_fail_for_want_of_room() {
    every_step_fails(ENOSPC);
}

#[test]
fn any_write_or_sync_may_fail_for_a_broken_disk() {
    every_step_fails(EIO);
}
