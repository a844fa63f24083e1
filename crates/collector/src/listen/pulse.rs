//! What a connection is doing, and how long it may do that.
//!
//! A [`Pulse`] is written by the connection's stream (bytes came, bytes went) and by its requests (begun, answered), all within
//! one task, and read after each turn of that task. It costs a request a handful of plain writes: no timer is set for it, since
//! [`decide`] is asked again when what the connection does has changed, and every [`TICK`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::metrics::Late;

/// How often a connection that does nothing is looked at.
pub(super) const TICK: Duration = Duration::from_secs(5);
/// How long a connection may be idle while there is no room for further ones.
const IDLE_WHEN_FULL: Duration = Duration::from_secs(1);
/// How long the end of a connection may take that has nothing more to say.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long a connection may do what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Send a head.
    pub(super) head: Duration,
    /// Nothing, or not read what it is sent.
    pub(super) idle: Duration,
}

/// What a connection has done so far.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Requests that began.
    requests: AtomicU32,
    /// One of them is not yet answered.
    answering: AtomicBool,
    /// Bytes have come since the last answer.
    heard: AtomicBool,
    /// The client does not read what it is sent.
    stuck: AtomicBool,
    /// Pieces that it did read.
    written: AtomicU32,
    /// Before an idle connection is closed it is asked whether bytes have come that were not read yet.
    asked_for_unread: AtomicBool,
    /// They have.
    unread: AtomicBool,
}

/// What a connection is doing; two values are equal when nothing has moved between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It is there, and has sent nothing yet.
    New,
    /// It sends the head of its next request.
    Head(u32),
    /// It waits for the answer, or for more of it, or still sends the body; that has a time of its own.
    Request(u32),
    /// It is sent an answer that it does not read.
    Writing(u32, u32),
    /// It may send a request.
    Idle(u32),
}

impl Doing {
    /// What the client has not done, if that is why the connection is ended.
    pub(super) fn late(self) -> Option<Late> {
        match self {
            Doing::New | Doing::Head(_) => Some(Late::Head),
            Doing::Writing(..) => Some(Late::Reading),
            Doing::Idle(_) => Some(Late::Idle),
            Doing::Request(_) => None,
        }
    }

    /// Whether nothing is owed to the client.
    pub(super) fn is_between_requests(self) -> bool {
        matches!(self, Doing::New | Doing::Idle(_))
    }
}

/// What holds for all connections.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    /// There is no room for further ones.
    pub(super) full: bool,
    /// The server stops.
    pub(super) stopping: bool,
}

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Leave it alone, for so long at most.
    Wait(Duration),
    /// End it after what is under way.
    Finish,
    /// End it.
    Drop,
}

/// Decides about a connection that has been doing the same for some time.
pub(super) fn decide(doing: Doing, lasted: Duration, times: Times, around: Around, finishing: bool) -> Act {
    let within = |time: Duration, end: Act| match time.saturating_sub(lasted) {
        Duration::ZERO => end,
        left => Act::Wait(left),
    };
    let Around { full, stopping } = around;
    match doing {
        Doing::Head(_) => within(times.head, Act::Drop),
        Doing::Writing(..) => within(times.idle, Act::Drop),
        Doing::New | Doing::Idle(_) if finishing => within(FAREWELL, Act::Drop),
        _ if finishing => Act::Wait(TICK),
        Doing::New | Doing::Idle(_) | Doing::Request(_) if stopping => Act::Finish,
        Doing::New => within(times.head, Act::Finish),
        Doing::Idle(_) if full => within(times.idle.min(IDLE_WHEN_FULL), Act::Finish),
        Doing::Idle(_) => within(times.idle, Act::Finish),
        Doing::Request(_) => Act::Wait(TICK),
    }
}

/// A request that is not yet answered.
pub(super) struct Answering(Arc<Pulse>);

impl Pulse {
    /// A request begins.
    pub(super) fn request(self: &Arc<Pulse>) -> Answering {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.answering.store(true, Ordering::Relaxed);
        Answering(Arc::clone(self))
    }

    /// Bytes came.
    pub(super) fn heard(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Bytes went.
    pub(super) fn written(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
        self.stuck.store(false, Ordering::Relaxed);
    }

    /// No bytes can go.
    pub(super) fn stuck(&self) {
        self.stuck.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    /// Asks the stream, which answers when it is read the next time and nothing is there yet.
    pub(super) fn ask_for_unread(&self) {
        self.unread.store(false, Ordering::Relaxed);
        self.asked_for_unread.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_asked_for_unread(&self) -> bool {
        self.asked_for_unread.load(Ordering::Relaxed)
    }

    /// Answers.
    pub(super) fn tell_unread(&self, unread: bool) {
        self.unread.store(unread, Ordering::Relaxed);
        self.asked_for_unread.store(false, Ordering::Relaxed);
    }

    /// The answer.
    pub(super) fn has_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// What the connection is doing.
    pub(super) fn doing(&self) -> Doing {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let requests = self.requests.load(Ordering::Relaxed);
        if is(&self.stuck) {
            Doing::Writing(requests, self.written.load(Ordering::Relaxed))
        } else if is(&self.answering) {
            Doing::Request(requests)
        } else if is(&self.heard) {
            Doing::Head(requests)
        } else if requests == 0 {
            Doing::New
        } else {
            Doing::Idle(requests)
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.store(false, Ordering::Relaxed);
        self.0.heard.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
    };
    const OPEN: Around = Around {
        full: false,
        stopping: false,
    };
    const FULL: Around = Around { full: true, ..OPEN };
    const STOPPING: Around = Around {
        stopping: true,
        ..OPEN
    };

    #[test]
    fn everything_has_its_time() {
        use super::Act::{Drop, Finish, Wait};
        use super::Doing::{Head, Idle, New, Request, Writing};
        let seconds = Duration::from_secs;
        let ms = Duration::from_millis;
        for (doing, around, lasted, act) in [
            // A head that never ends, and a connection that says nothing.
            (Head(1), OPEN, ms(9_999), Wait(ms(1))),
            (Head(1), OPEN, seconds(10), Drop),
            (Head(1), STOPPING, seconds(1), Wait(seconds(9))),
            (New, OPEN, seconds(4), Wait(seconds(6))),
            (New, OPEN, seconds(10), Finish),
            (New, STOPPING, seconds(0), Finish),
            // A request takes what it takes.
            (Request(1), OPEN, seconds(3600), Wait(TICK)),
            (Request(1), FULL, seconds(3600), Wait(TICK)),
            (Request(1), STOPPING, seconds(0), Finish),
            // Answers are read, or not.
            (Writing(1, 7), OPEN, seconds(74), Wait(seconds(1))),
            (Writing(1, 7), STOPPING, seconds(75), Drop),
            // Between requests.
            (Idle(1), OPEN, seconds(74), Wait(seconds(1))),
            (Idle(1), OPEN, seconds(75), Finish),
            (Idle(1), FULL, ms(999), Wait(ms(1))),
            (Idle(1), FULL, seconds(1), Finish),
            (Idle(1), STOPPING, seconds(0), Finish),
        ] {
            assert_eq!(
                decide(doing, lasted, TIMES, around, false),
                act,
                "{doing:?} {around:?} {lasted:?}"
            );
        }
        for (doing, lasted, act) in [
            (Idle(1), seconds(1), Wait(seconds(1))),
            (Idle(1), seconds(2), Drop),
            (New, seconds(2), Drop),
            (Request(1), seconds(60), Wait(TICK)),
            (Head(1), seconds(10), Drop),
        ] {
            assert_eq!(
                decide(doing, lasted, TIMES, STOPPING, true),
                act,
                "{doing:?} {lasted:?}"
            );
        }
    }

    #[test]
    fn a_pulse_tells_what_is_being_done() {
        let pulse = Arc::new(Pulse::default());
        assert_eq!(pulse.doing(), Doing::New);
        pulse.heard();
        assert_eq!(pulse.doing(), Doing::Head(0));
        let answering = pulse.request();
        pulse.heard();
        assert_eq!(pulse.doing(), Doing::Request(1));
        drop(answering);
        pulse.stuck();
        assert_eq!(pulse.doing(), Doing::Writing(1, 0));
        pulse.written();
        assert_eq!(pulse.doing(), Doing::Idle(1));
        // A whole request between two looks is seen.
        drop(pulse.request());
        assert_eq!(pulse.doing(), Doing::Idle(2));
    }
}
