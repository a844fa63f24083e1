//! Two processes on one spool: the relay keeps while signal delivers.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::host::{Host, ask, batch, deliver, view};

#[test]
fn what_is_kept_while_signal_delivers_arrives_once() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "10000"), ("BURST", "10000")]);
    let (address, file) = (host.address(), host.path("signal.toml"));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let posting: Vec<_> = (0..4_usize)
            .map(|poster| {
                scope.spawn(move || {
                    for n in 0..50 {
                        let body = batch(&[view(poster * 1000 + n)]).to_string();
                        assert_eq!(
                            ask(address, "POST", "/telemetry/v1/batch", &[], body.as_bytes()).status,
                            200
                        );
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                deliver(&file);
            }
        });
        for poster in posting {
            poster.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let messages = host.deliver();
    let ids: BTreeSet<String> = messages
        .iter()
        .map(|message| message["messageId"].to_string())
        .collect();
    assert_eq!((ids.len(), messages.len()), (200, 200));
}

#[test]
fn while_the_sink_is_down_files_stay_few() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "10000"), ("BURST", "10000")]);
    for n in 0..300 {
        assert_eq!(host.post(&batch(&[view(n)])).status, 200);
    }
    let parcels = host
        .files()
        .keys()
        .filter(|path| path.extension().is_some_and(|ending| ending == "ui"))
        .count();
    assert!(parcels < 140, "{parcels}");
    assert_eq!(host.deliver().len(), 300);
}
