//! What dcos-diagnostics says of a failing unit: its verdict, then the last lines of the unit's journal.

use std::fmt::Write as _;

use fastrand::Rng;

/// The moment of the report, in seconds of its day.
const NOW: usize = 19 * 3600 + 33 * 60 + 20;
/// Seconds between two lines.
const PACE: usize = 7;

/// The text of one failing unit, ending in a line break.
pub(crate) fn output(unit: &str, lines: usize, rng: &mut Rng) -> String {
    let mut text = match rng.u8(..3) {
        0 => format!("ExecMainStatus return failed status for {unit}\n"),
        1 => format!("Unit {unit} has never entered `active` state\n"),
        _ => format!(
            "{unit} state is not one of the possible states [active inactive activating]. Current state is [ failed ]. \
             Please check `systemctl show all {unit}` to check current Unit state. \n"
        ),
    };
    for line in 0..lines {
        let time = clock(NOW.saturating_sub(PACE * (lines - line)));
        let _ = write!(text, "2017-09-05 {time}: ");
        message(unit, &time, line, rng, &mut text);
        text.push('\n');
    }
    text
}

fn clock(second: usize) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// One line of what daemons say, with the characters that JSON and Go escape.
fn message(unit: &str, time: &str, line: usize, rng: &mut Rng, text: &mut String) {
    let _ = match rng.u8(..4) {
        0 => write!(
            text,
            "{unit}: Main process exited, code=exited, status={}/n/a",
            rng.u8(1..)
        ),
        1 => write!(text, "{unit}: Unit entered failed state."),
        2 => {
            let [a, b, c]: [u8; 3] = [rng.u8(..), rng.u8(..), rng.u8(..)];
            write!(
                text,
                "time=\"2017-09-05 {time}\" level=error msg=\"connect to 10.{a}.{b}.{c}:2181: timed out\" attempt={line}"
            )
        }
        _ => write!(
            text,
            "Exception in thread <main> & shutdown hook:\t{{\"code\":{line}}} at C:\\fleet\\Main.scala"
        ),
    };
}
