//! The Chrome DevTools Protocol over the pipes of `--remote-debugging-pipe`: JSON documents, each with a nought behind it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// The way to a browser.
#[derive(Debug)]
pub(super) struct Pipe {
    to: ChildStdin,
    from: Receiver<Value>,
    last_id: u64,
    /// Events that came, in their order.
    events: Vec<Value>,
}

impl Pipe {
    /// To one that was started with pipes.
    pub(super) fn of(child: &mut Child) -> io::Result<Pipe> {
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the browser was started without pipes"));
        };
        let (sender, receiver) = channel();
        thread::spawn(move || read(from, |message| sender.send(message).is_ok()));
        Ok(Pipe {
            to,
            from: receiver,
            last_id: 0,
            events: Vec::new(),
        })
    }

    /// Calls a method, of a session where one is named, and waits for what it returns.
    pub(super) fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> io::Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.to.write_all(format!("{message}\0").as_bytes())?;
        loop {
            let mut message = self.next(PATIENCE, method)?;
            if message["id"] != id {
                self.events.push(message);
                continue;
            }
            return match message.get("error") {
                Some(error) => Err(io::Error::other(format!("{method}: {error}"))),
                None => Ok(message["result"].take()),
            };
        }
    }

    /// Waits until there has been an event since the first `seen`.
    #[expect(clippy::disallowed_methods, reason = "a browser takes its time")]
    pub(super) fn wait_for(&mut self, name: &str, seen: usize) -> io::Result<()> {
        let begun = Instant::now();
        while !self.events.iter().skip(seen).any(|event| event["method"] == name) {
            let message = self.next(PATIENCE.saturating_sub(begun.elapsed()), name)?;
            self.events.push(message);
        }
        Ok(())
    }

    /// Takes in what came without being waited for.
    pub(super) fn catch_up(&mut self) {
        self.events.extend(self.from.try_iter());
    }

    pub(super) fn events(&self) -> &[Value] {
        &self.events
    }

    pub(super) fn forget_events(&mut self) {
        self.catch_up();
        self.events.clear();
    }

    fn next(&self, patience: Duration, what: &str) -> io::Result<Value> {
        self.from.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                io::Error::new(io::ErrorKind::TimedOut, format!("waited too long for {what}"))
            }
            RecvTimeoutError::Disconnected => io::Error::other(format!("the browser ended before {what}")),
        })
    }
}

fn read(from: ChildStdout, mut take: impl FnMut(Value) -> bool) {
    let mut from = BufReader::new(from);
    let mut message = Vec::new();
    while from.read_until(0, &mut message).is_ok_and(|read| read > 0) {
        message.pop();
        let Ok(read) = serde_json::from_slice(&message) else {
            return;
        };
        if !take(read) {
            return;
        }
        message.clear();
    }
}
