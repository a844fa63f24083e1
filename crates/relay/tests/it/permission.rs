//! Files that the relay may not read or write: browsers get no 200, the log says which file it is, and it goes on by itself.

use heliograph_fleet::unprivileged::allow;

use crate::host::{Host, batch, until, view};

#[test]
fn what_can_t_be_read_switches_it_off_until_it_can() {
    let host = Host::unprivileged("enabled = true");
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    let config = host.path("signal.toml");
    allow(&config, 0);
    let tracks = || {
        let answer = host.ask("GET", "/telemetry/ui-config", &[], b"");
        answer.body.contains("true")
    };
    until("it is off", || !tracks());
    let log = host.log();
    assert!(
        log.contains("nothing is taken: ")
            && log.contains("signal.toml")
            && log.contains("Permission denied"),
        "{log}"
    );
    allow(&config, 0o644);
    until("it is on again", tracks);
    assert_eq!(host.post(&batch(&[view(2)])).status, 200);
}

#[test]
fn what_can_t_be_written_is_a_503_until_it_can() {
    let host = Host::unprivileged("enabled = true");
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    let spool = host.path("state/spool");
    allow(&spool, 0o500);
    for _ in 0..3 {
        assert_eq!(host.post(&batch(&[view(2)])).status, 503);
    }
    let log = host.log();
    assert_eq!(log.matches("messages can't be kept").count(), 1, "{log}");
    assert!(
        log.contains("Permission denied") && log.contains("state/spool"),
        "{log}"
    );
    allow(&spool, 0o700);
    assert_eq!(host.post(&batch(&[view(2)])).status, 200);
    assert!(host.log().contains("messages can be kept again"));
    assert_eq!(host.deliver().len(), 2);
}
