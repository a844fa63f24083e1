mod course;

use std::collections::BTreeMap;

use super::*;
use crate::observation::{Exit, SUCCESS, Service};

const NOW: Duration = Duration::from_secs(100_000);

fn ago(seconds: u64) -> Option<Duration> {
    Some(NOW - Duration::from_secs(seconds))
}

/// A unit that has run for an hour.
fn unit(active: ActiveState, sub: &str) -> Observation {
    Observation {
        condition: Some(true),
        assertion: Some(true),
        changed: ago(3600),
        active_enter: ago(3600),
        inactive_exit: ago(3600),
        ..Observation::new(LoadState::Loaded, active, sub)
    }
}

fn service(active: ActiveState, sub: &str) -> Observation {
    Observation {
        service: Some(Service::default()),
        ..unit(active, sub)
    }
}

fn ended(result: &str, exit: Option<Exit>, unit: Observation) -> Observation {
    Observation {
        result: result.to_owned(),
        service: unit.service.clone().map(|service| Service { exit, ..service }),
        ..unit
    }
}

fn oneshot(unit: Observation) -> Observation {
    Observation {
        service: unit.service.clone().map(|service| Service {
            oneshot: true,
            ..service
        }),
        ..unit
    }
}

fn never_run(unit: Observation) -> Observation {
    Observation {
        changed: None,
        active_enter: None,
        inactive_exit: None,
        condition: None,
        assertion: None,
        ..unit
    }
}

fn never_active(unit: Observation) -> Observation {
    Observation {
        active_enter: None,
        ..unit
    }
}

/// Judges the first of these units; the others are those that it starts or that start it.
fn judged(units: &[(&str, Observation)]) -> (Health, String) {
    let histories: Vec<History> = units
        .iter()
        .map(|(_, unit)| {
            let mut history = History::default();
            history.observe(unit, NOW);
            history
        })
        .collect();
    let subjects: BTreeMap<&str, Subject<'_>> = units
        .iter()
        .zip(&histories)
        .map(|((name, now), history)| {
            (
                *name,
                Subject {
                    now,
                    history,
                    asked: true,
                },
            )
        })
        .collect();
    let verdict = judge(
        subjects[units[0].0],
        |name| subjects.get(name).copied(),
        &Rules::default(),
        NOW,
    );
    (verdict.health, verdict.reason)
}

#[track_caller]
fn assert_judged(unit: Observation, health: Health, reason: &str) {
    assert_eq!(judged(&[("x.service", unit)]), (health, reason.to_owned()));
}

#[test]
#[rustfmt::skip]
fn each_state_has_its_verdict() {
    use ActiveState::*;
    use Health::*;
    let status = |status| Some(Exit::Status(status));
    let signal = |signal| Some(Exit::Signal(signal));
    let failed = || service(Failed, "failed");
    let inactive = || service(Inactive, "dead");
    let waiting = || service(Activating, "auto-restart");
    let loaded = |load, error: &str| Observation {
        load_error: error.to_owned(),
        ..Observation::new(load, Inactive, "dead")
    };
    let since = |seconds, unit| Observation {
        changed: ago(seconds),
        ..unit
    };
    let restarted = |restarts, unit: Observation| Observation {
        service: unit
            .service
            .clone()
            .map(|service| Service { restarts, ..service }),
        ..unit
    };
    let condition = |condition, unit| Observation {
        condition: Some(condition),
        ..unit
    };
    for (seen, health, reason) in [
        // Units whose file is not as it should be.
        (loaded(LoadState::NotFound, "Unit x.service not found."), Unhealthy, "not found: there is no such unit"),
        (loaded(LoadState::Masked, "Unit x.service is masked."), Unhealthy, "masked: it may not be started"),
        (loaded(LoadState::BadSetting, "no ExecStart="), Unhealthy, "its file is not understood: no ExecStart="),
        (loaded(LoadState::Error, ""), Unhealthy, "its file can't be read"),
        (loaded(LoadState::Stub, ""), Unknown, "systemd has not loaded it yet"),
        (loaded(LoadState::Other, ""), Unknown, "systemd names a load state that is not known here"),
        // Services that run, or have done what they were for.
        (service(Active, "running"), Healthy, ""),
        (ended(SUCCESS, status(0), service(Active, "exited")), Healthy, ""),
        (ended(SUCCESS, status(0), oneshot(service(Active, "exited"))), Healthy, ""),
        (ended(SUCCESS, status(0), oneshot(inactive())), Healthy, ""),
        // A status that the file names as a success, or does not mind.
        (ended(SUCCESS, status(3), oneshot(inactive())), Healthy, ""),
        (ended(SUCCESS, status(3), service(Active, "running")), Healthy, ""),
        // Failures, each by its own name.
        (ended("exit-code", status(3), failed()), Unhealthy, "failed: ended with status 3"),
        (ended("exit-code", status(203), failed()), Unhealthy, "failed: ended with status 203 (EXEC)"),
        (ended("exit-code", None, failed()), Unhealthy, "failed: a process of it failed"),
        (ended("signal", signal(9), failed()), Unhealthy, "failed: killed by SIGKILL"),
        (ended("signal", signal(63), failed()), Unhealthy, "failed: killed by signal 63"),
        (ended("core-dump", signal(11), failed()), Unhealthy, "failed: killed by SIGSEGV and dumped core"),
        (ended("oom-kill", signal(9), failed()), Unhealthy, "failed: out of memory"),
        (ended("timeout", None, failed()), Unhealthy, "failed: it took longer than its file allows"),
        (ended("watchdog", signal(6), failed()), Unhealthy, "failed: it gave its watchdog no sign of life"),
        (ended("start-limit-hit", status(1), failed()), Unhealthy, "failed: restarted too often, systemd gave up, ended with status 1"),
        (ended("start-limit-hit", status(0), failed()), Unhealthy, "failed: restarted too often, systemd gave up"),
        (restarted(1, ended("exit-code", status(1), failed())), Unhealthy, "failed: ended with status 1, after one restart"),
        (restarted(5, ended("signal", signal(9), failed())), Unhealthy, "failed: killed by SIGKILL, after 5 restarts"),
        (ended("new-word", status(0), failed()), Unhealthy, "failed: systemd calls it `new-word`"),
        (ended("exit-code", status(1), oneshot(failed())), Unhealthy, "failed: ended with status 1"),
        (ended("watchdog", None, service(Active, "running")), Unhealthy, "active, but it gave its watchdog no sign of life"),
        // Between two runs.
        (ended("exit-code", status(1), waiting()), Unhealthy, "waits for its restart: ended with status 1"),
        (ended(SUCCESS, status(0), waiting()), Healthy, ""),
        (never_active(ended("exit-code", None, waiting())), Unhealthy, "has never been active: a process of it failed"),
        (never_active(ended(SUCCESS, status(0), waiting())), Unhealthy, "has never been active: ended with status 0"),
        (never_active(restarted(2, ended("exit-code", status(1), waiting()))), Unhealthy, "has never been active, restarted 2 times: ended with status 1"),
        (never_active(oneshot(restarted(2, ended("exit-code", status(1), waiting())))), Unhealthy, "waits for its restart: ended with status 1"),
        (never_active(oneshot(restarted(2, since(1, service(Activating, "start"))))), Healthy, ""),
        (ended("exit-code", status(1), service(Activating, "auto-restart-queued")), Unhealthy, "waits for its restart: ended with status 1"),
        (ended("exit-code", status(1), service(Failed, "failed-before-auto-restart")), Unhealthy, "waits for its restart: ended with status 1"),
        (ended(SUCCESS, status(0), service(Inactive, "dead-before-auto-restart")), Healthy, ""),
        // On the way.
        (since(10, service(Activating, "start")), Healthy, ""),
        (since(300, service(Activating, "start")), Healthy, ""),
        (since(301, service(Activating, "start")), Unhealthy, "activating for 5 min, longer than 5 min"),
        (never_run(service(Activating, "start")), Unhealthy, "activating for 27 h, longer than 5 min"),
        (since(80_000, oneshot(service(Activating, "start"))), Healthy, ""),
        (never_active(restarted(4, since(1, service(Activating, "start-pre")))), Unhealthy, "has never been active, restarted 4 times"),
        (never_active(restarted(1, since(1, service(Activating, "start-pre")))), Unhealthy, "has never been active, restarted once"),
        (since(10, service(Deactivating, "stop-sigterm")), Healthy, ""),
        (since(400, service(Deactivating, "stop-sigterm")), Unhealthy, "deactivating for 6 min, longer than 5 min"),
        (ended("timeout", None, since(1, service(Deactivating, "final-sigkill"))), Unhealthy, "deactivating: it took longer than its file allows"),
        (since(10, service(Reloading, "reload")), Healthy, ""),
        (since(400, service(Reloading, "reload")), Unhealthy, "reloading for 6 min, longer than 5 min"),
        (since(10, service(Refreshing, "refresh")), Healthy, ""),
        (since(10, service(Maintenance, "cleaning")), Healthy, ""),
        // Down.
        (ended(SUCCESS, status(0), inactive()), Unhealthy, "inactive: ended with status 0"),
        (ended(SUCCESS, signal(15), inactive()), Unhealthy, "inactive: killed by SIGTERM"),
        (ended("exit-code", status(1), inactive()), Unhealthy, "inactive: ended with status 1"),
        (never_run(inactive()), Unhealthy, "inactive: it was never started"),
        (never_run(oneshot(inactive())), Unhealthy, "inactive: it was never started"),
        (condition(false, never_run(inactive())), Healthy, ""),
        (condition(false, never_run(oneshot(inactive()))), Healthy, ""),
        (ended("exec-condition", status(1), inactive()), Healthy, ""),
        (Observation { assertion: Some(false), ..never_run(inactive()) }, Unhealthy, "not started: an assertion of it is not met"),
        // Other types.
        (unit(Active, "waiting"), Healthy, ""),
        (unit(Active, "listening"), Healthy, ""),
        (unit(Active, "mounted"), Healthy, ""),
        (unit(Inactive, "dead"), Unhealthy, "inactive"),
        (never_run(unit(Inactive, "dead")), Unhealthy, "inactive: it was never started"),
        (ended("service-start-limit-hit", None, unit(Failed, "failed")), Unhealthy, "failed: its service was started too often, systemd gave up"),
        // The future.
        (unit(Other, "dancing"), Unknown, "systemd names a state that is not known here"),
    ] {
        assert_judged(seen, health, reason);
    }
}

#[test]
fn a_timer_is_as_well_as_its_service() {
    use ActiveState::{Active, Failed, Inactive};
    let timer = |active, sub| Observation {
        triggers: vec!["x.service".parse().unwrap()],
        ..unit(active, sub)
    };
    let started = |service| Observation {
        triggered_by: vec!["x.timer".parse().unwrap()],
        ..service
    };
    let well = started(oneshot(service(Inactive, "dead")));
    let waiting = started(never_run(service(Inactive, "dead")));
    let failed = ended(
        "exit-code",
        Some(Exit::Status(1)),
        started(service(Failed, "failed")),
    );
    let gone = started(Observation::new(LoadState::NotFound, Inactive, "dead"));

    let of_timer = |timer: &Observation, service: &Observation| {
        judged(&[("x.timer", timer.clone()), ("x.service", service.clone())])
    };
    let ready = timer(Active, "waiting");
    assert_eq!(of_timer(&ready, &well), (Health::Healthy, String::new()));
    assert_eq!(of_timer(&ready, &waiting), (Health::Healthy, String::new()));
    assert_eq!(
        of_timer(&ready, &failed),
        (
            Health::Unhealthy,
            "the x.service that it starts: failed: ended with status 1".to_owned()
        )
    );
    assert_eq!(of_timer(&ready, &gone).0, Health::Unhealthy);
    assert_eq!(of_timer(&timer(Inactive, "dead"), &well).1, "inactive");
    // Its service was not looked at: nothing bad is known.
    assert_eq!(judged(&[("x.timer", ready.clone())]).0, Health::Healthy);

    let of_service = |timer: &Observation, service: &Observation| {
        judged(&[("x.service", service.clone()), ("x.timer", timer.clone())])
    };
    let down = timer(Inactive, "dead");
    assert_eq!(of_service(&ready, &waiting), (Health::Healthy, String::new()));
    assert_eq!(
        of_service(&down, &waiting),
        (
            Health::Unhealthy,
            "inactive, and so is x.timer, which starts it".to_owned()
        )
    );
    // It has done its work, whatever its timer does.
    assert_eq!(of_service(&down, &well).0, Health::Healthy);
    assert_eq!(of_service(&ready, &failed).0, Health::Unhealthy);
    assert_eq!(judged(&[("x.service", waiting)]).0, Health::Unknown);
}

#[test]
fn what_is_there_for_later_need_not_be_up() {
    use ActiveState::{Active, Inactive};
    let never = Observation {
        wanted_by: vec![
            "suspend.target".parse().unwrap(),
            "shutdown.target".parse().unwrap(),
        ],
        ..never_run(oneshot(service(Inactive, "dead")))
    };
    let history = History::default();
    let judged = |target: ActiveState, asked: bool, unit: &Observation| {
        let shutdown = never_run(super::tests::unit(Inactive, "dead"));
        let suspend = super::tests::unit(target, "");
        let subject = |now, asked| Subject {
            now,
            history: &history,
            asked,
        };
        let other = |name: &str| {
            let found = match name {
                "suspend.target" => &suspend,
                "shutdown.target" => &shutdown,
                _ => return None,
            };
            Some(subject(found, false))
        };
        judge(subject(unit, asked), other, &Rules::default(), NOW)
    };
    let never_started = Verdict::unhealthy("inactive: it was never started");
    assert_eq!(judged(Inactive, false, &never), Verdict::healthy());
    assert_eq!(judged(Active, false, &never), never_started);
    // It was named, or its target was.
    assert_eq!(judged(Inactive, true, &never), never_started);
    // It has run, and is gone.
    let gone = Observation {
        wanted_by: never.wanted_by.clone(),
        ..service(Inactive, "dead")
    };
    assert_eq!(judged(Inactive, false, &gone).health, Health::Unhealthy);
    // It is not known how that is which wants it.
    let unknown = Observation {
        wanted_by: vec!["unknown.target".parse().unwrap()],
        ..never
    };
    assert_eq!(judged(Inactive, false, &unknown), never_started);
}

#[test]
fn a_unit_that_waits_for_its_turn_is_on_its_way() {
    let seen = Observation {
        job: true,
        ..never_run(service(ActiveState::Inactive, "dead"))
    };
    let mut history = History::default();
    history.observe(&seen, NOW);
    let after = |seconds| {
        let subject = Subject {
            now: &seen,
            history: &history,
            asked: true,
        };
        judge(
            subject,
            |_| None,
            &Rules::default(),
            NOW + Duration::from_secs(seconds),
        )
    };
    assert_eq!(after(300), Verdict::healthy());
    assert_eq!(after(301), Verdict::unhealthy("waits to be started for 5 min"));
}

#[test]
fn spans_are_told_in_their_largest_unit() {
    for (seconds, text) in [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (172_800, "2 d"),
    ] {
        assert_eq!(words::span(Duration::from_secs(seconds)), text);
    }
}
