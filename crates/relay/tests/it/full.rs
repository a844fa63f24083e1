//! A full disk: 503, said loudly once, nothing in part, and on it goes when there is room.

#[path = "../../../signal/tests/it/disk.rs"]
#[allow(dead_code, reason = "signal's tests use more of it")]
mod disk;

use self::disk::SmallDisk;
use crate::host::{Host, batch, view};

#[test]
fn a_full_disk_is_said_and_costs_what_waits_nothing() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "1000")]);
    let Some(disk) = SmallDisk::at(&host.path("state"), 512) else {
        return;
    };
    // Neither its secret nor its key can be made yet.
    disk.fill();
    let refused = |n: usize| {
        let answer = host.post(&batch(&[view(n)]));
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.head.contains("retry-after: 30"), "{}", answer.head);
        assert!(!answer.body.contains("state"), "{}", answer.body);
    };
    refused(1);
    disk.make_room();
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    disk.fill();
    for n in 2..6 {
        refused(n);
    }
    let said = host.log().matches("messages can't be kept").count();
    assert_eq!(said, 2, "once for each change: {}", host.log());
    assert!(host.log().contains("No space left"), "{}", host.log());
    disk.make_room();
    // Browsers come again with the same messages.
    for n in 1..6 {
        assert_eq!(host.post(&batch(&[view(n)])).status, 200);
    }
    assert!(
        host.log().contains("messages can be kept again"),
        "{}",
        host.log()
    );
    let parts = host.files();
    let parts: Vec<_> = parts
        .keys()
        .filter(|path| path.extension().is_some_and(|ending| ending != "ui"))
        .filter(|path| path.parent().is_some_and(|folder| folder.ends_with("spool")))
        .collect();
    assert!(
        parts.iter().all(|path| path.ends_with("counts.json")),
        "{parts:?}"
    );
    assert_eq!(host.deliver().len(), 5);
}

#[test]
fn a_disk_that_can_t_be_written_is_said_and_costs_what_waits_nothing() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "1000")]);
    let Some(disk) = SmallDisk::at(&host.path("state"), 512) else {
        return;
    };
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    disk.remount("ro");
    assert_eq!(host.post(&batch(&[view(2)])).status, 503);
    assert!(host.log().contains("Read-only file system"), "{}", host.log());
    disk.remount("rw");
    assert_eq!(host.post(&batch(&[view(2)])).status, 200);
    assert_eq!(host.deliver().len(), 2);
}
