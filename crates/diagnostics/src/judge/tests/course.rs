//! What is judged of a unit as time goes by.

use super::*;

/// What systemd says of a unit while time passes: each state from its moment on, in milliseconds.
struct Course(Vec<(u64, Observation)>);

impl Course {
    /// The verdicts that are read every so many milliseconds until `end`, by somebody who sees each change at once and has
    /// watched since the beginning.
    fn readings(&self, every: u64, end: u64) -> Vec<(u64, Verdict)> {
        let mut history = History::default();
        let mut at = 0;
        let mut readings = Vec::new();
        for moment in (0..end).step_by(usize::try_from(every).unwrap()) {
            while let Some((_, seen)) = self.0.get(at).filter(|(from, _)| *from <= moment) {
                history.observe(seen, Duration::from_millis(self.0[at].0));
                at += 1;
            }
            let subject = Subject {
                now: &self.0[at - 1].1,
                history: &history,
                asked: true,
            };
            let now = Duration::from_millis(moment);
            readings.push((moment, judge(subject, |_| None, &Rules::default(), now)));
        }
        readings
    }
}

/// Up for half a second, down for 2.2, for ever.
fn flapper(result: &str, status: i32, until: u64) -> Course {
    let mut course = Vec::new();
    for (round, begin) in (0..until).step_by(2700).enumerate() {
        let from = |moment: u64| Some(Duration::from_millis(moment));
        let mut up = service(ActiveState::Active, "running");
        up.changed = from(begin);
        up.active_enter = from(begin);
        up.inactive_exit = from(begin);
        up.service.as_mut().unwrap().restarts = u32::try_from(round).unwrap();
        let mut down = ended(result, Some(Exit::Status(status)), up.clone());
        down.state.active = ActiveState::Activating;
        down.state.sub = "auto-restart".to_owned();
        down.changed = from(begin + 500);
        course.push((begin, up));
        course.push((begin + 500, down));
    }
    Course(course)
}

#[test]
fn a_flapping_unit_is_unhealthy_in_nearly_every_reading() {
    let hour = 3_600_000;
    for (result, status) in [("exit-code", 1), (SUCCESS, 0)] {
        // 97 and 2700 have no common divisor: the readings fall into all parts of a round.
        let readings = flapper(result, status, hour).readings(97, hour);
        let unhealthy = readings
            .iter()
            .filter(|(_, verdict)| verdict.health == Health::Unhealthy)
            .count();
        let share = unhealthy as f64 / readings.len() as f64;
        assert!(share >= 0.99, "{result}: {share}");
        // Also for somebody who looks for ten minutes only, from the first start on.
        let readings = flapper(result, status, 600_000).readings(97, 600_000);
        let healthy: Vec<_> = readings
            .iter()
            .filter(|(_, verdict)| verdict.health != Health::Unhealthy)
            .collect();
        assert!(healthy.len() * 20 <= readings.len(), "{result}");
        // All of them before there was a third restart.
        assert!(healthy.iter().all(|(moment, _)| *moment < 3 * 2700), "{result}");
    }
}

#[test]
fn a_unit_that_stopped_flapping_is_healthy_after_the_window() {
    let mut course = flapper("exit-code", 1, 27_000);
    course.0.truncate(19);
    let last = course.0[18].0;
    let window = 600_000;
    for (moment, verdict) in course.readings(500, last + window + 60_000) {
        // From then on there are no more than two restarts within the window.
        if moment > last - 2 * 2700 + window {
            assert_eq!(verdict, Verdict::healthy(), "{moment}");
        } else if moment > 10_000 {
            assert_eq!(verdict.health, Health::Unhealthy, "{moment}");
        }
    }
}

#[test]
fn a_service_that_its_administrator_restarts_once_is_healthy_in_every_reading() {
    let from = |moment: u64| Some(Duration::from_millis(moment));
    let mut running = service(ActiveState::Active, "running");
    running.changed = from(0);
    running.active_enter = from(0);
    running.inactive_exit = from(0);
    // What a real systemd says while `systemctl restart` runs, of a program that ends well when it is told to, and of one that
    // does not.
    for (result, exit, state) in [
        (SUCCESS, Exit::Signal(15), ActiveState::Inactive),
        ("exit-code", Exit::Status(143), ActiveState::Failed),
        ("timeout", Exit::Signal(9), ActiveState::Failed),
    ] {
        let mut stopping = running.clone();
        stopping.state.active = ActiveState::Deactivating;
        stopping.state.sub = "stop-sigterm".to_owned();
        stopping.changed = from(60_000);
        stopping.job = true;
        let mut ending = ended(result, Some(exit), stopping.clone());
        ending.state.sub = "final-sigterm".to_owned();
        let mut down = ending.clone();
        down.state.active = state;
        down.state.sub = "dead".to_owned();
        down.changed = from(60_050);
        let mut starting = stopping.clone();
        starting.state.active = ActiveState::Activating;
        starting.state.sub = "start".to_owned();
        starting.changed = from(60_060);
        starting.inactive_exit = from(60_060);
        let mut up = running.clone();
        up.changed = from(60_300);
        up.active_enter = from(60_300);
        up.inactive_exit = from(60_060);
        let course = Course(vec![
            (0, running.clone()),
            (60_000, stopping),
            (60_040, ending),
            (60_050, down.clone()),
            (60_060, starting),
            (60_300, up),
        ]);
        for (moment, verdict) in course.readings(1, 120_000) {
            assert_eq!(verdict, Verdict::healthy(), "{moment}");
        }
        // It is not started again: then it is down.
        down.job = false;
        let last = Course(vec![(0, running.clone()), (60_050, down)]).readings(1_000, 62_000);
        assert_eq!(last.last().unwrap().1.health, Health::Unhealthy);
    }
}

#[test]
fn a_service_that_others_start_again_and_again_flaps_and_one_that_is_started_on_demand_does_not() {
    let restarts = |unit: &Observation| {
        let mut history = History::default();
        let mut unit = unit.clone();
        for start in 0..6 {
            unit.inactive_exit = Some(Duration::from_secs(99_990 + start));
            history.observe(&unit, NOW);
        }
        let subject = Subject {
            now: &unit,
            history: &history,
            asked: true,
        };
        judge(subject, |_| None, &Rules::default(), NOW)
    };
    let running = service(ActiveState::Active, "running");
    assert_eq!(
        restarts(&running),
        Verdict::unhealthy("flapping: it was started 6 times in the last 10 min")
    );
    assert_eq!(restarts(&oneshot(running.clone())), Verdict::healthy());
    let on_demand = Observation {
        triggered_by: vec!["x.socket".parse().unwrap()],
        ..running
    };
    assert_eq!(restarts(&on_demand), Verdict::healthy());
}
