//! The words of reasons.

use std::time::Duration;

use crate::observation::{Exit, Observation};

/// The result of a service whose `ExecCondition=` said that it need not run.
pub(super) const SKIPPED: &str = "exec-condition";

/// Statuses with which systemd itself ends a process before the unit's program runs.
const STATUSES: [(i32, &str); 6] = [
    (200, "CHDIR"),
    (203, "EXEC"),
    (208, "STDIN"),
    (216, "GROUP"),
    (217, "USER"),
    (226, "NAMESPACE"),
];

/// Signals that end services.
const SIGNALS: [(i32, &str); 11] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (15, "SIGTERM"),
];

/// How a unit's last run ended.
pub(super) fn ending(unit: &Observation) -> String {
    let exit = unit.service.as_ref().and_then(|service| service.exit);
    let process = || exit.map_or_else(|| "it ended".to_owned(), of_process);
    let also = |text: &str| match exit {
        Some(Exit::Status(0)) | None => text.to_owned(),
        Some(exit) => format!("{text}, {}", of_process(exit)),
    };
    match unit.result.as_str() {
        "success" => process(),
        "exit-code" => match exit {
            // The main process did not fail: it was another one, such as of ExecStartPre=.
            Some(Exit::Status(0)) | None => "a process of it failed".to_owned(),
            Some(exit) => of_process(exit),
        },
        "signal" => match exit {
            Some(Exit::Signal(_)) => process(),
            _ => "a process of it was killed".to_owned(),
        },
        "core-dump" => format!("{} and dumped core", process()),
        "timeout" => "it took longer than its file allows".to_owned(),
        "watchdog" => "it gave its watchdog no sign of life".to_owned(),
        "oom-kill" => "out of memory".to_owned(),
        "start-limit-hit" => also("restarted too often, systemd gave up"),
        "service-start-limit-hit" => "its service was started too often, systemd gave up".to_owned(),
        "trigger-limit-hit" => "triggered too often, systemd gave up".to_owned(),
        "resources" => "systemd lacked resources to run it".to_owned(),
        "protocol" => "it did not do what its type promises".to_owned(),
        "" => process(),
        result => also(&format!("systemd calls it `{result}`")),
    }
}

fn of_process(exit: Exit) -> String {
    match exit {
        Exit::Status(status) => match STATUSES.iter().find(|(number, _)| *number == status) {
            Some((_, name)) => format!("ended with status {status} ({name})"),
            None => format!("ended with status {status}"),
        },
        Exit::Signal(signal) => match SIGNALS.iter().find(|(number, _)| *number == signal) {
            Some((_, name)) => format!("killed by {name}"),
            None => format!("killed by signal {signal}"),
        },
    }
}

/// A span of time in its largest unit, rounded down: `45 s`, `10 min`, `3 h`, `2 d`.
pub(super) fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}
