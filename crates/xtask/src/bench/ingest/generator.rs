//! The load generator: one thread and a few kept-alive connections, one request at a time on each.
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::feed::Feed;

/// A server that says nothing for so long is taken for dead.
const SILENCE: Duration = Duration::from_secs(30);

/// What a run met.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Answers with 200.
    pub(super) taken: u64,
    /// Other answers.
    pub(super) refused: u64,
    /// Messages that the answers call accepted.
    pub(super) accepted: u64,
    /// Time to the answer of each that was taken, in microseconds.
    pub(super) micros: Vec<u32>,
}

/// When requests are sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// Each connection sends the next one when it has its answer.
    Closed,
    /// So many a second over all connections, whatever the answers; the time to an answer counts from when its request was due.
    Open(f64),
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    sent: usize,
    /// Whether the rest of the request waits for room.
    blocked: bool,
    answer: Vec<u8>,
    due: Instant,
}

/// Sends requests for a while, and waits for all answers.
pub(super) fn run(
    address: SocketAddr,
    connections: usize,
    pace: Pace,
    time: Duration,
    feed: &mut Feed,
) -> anyhow::Result<Answers> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let mut all = Vec::with_capacity(connections);
    for index in 0..connections {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll.add(&stream, event(index, false)?)?;
        all.push(Connection {
            stream,
            request: Vec::new(),
            sent: 0,
            blocked: false,
            answer: Vec::new(),
            due: Instant::now(),
        });
    }
    let begun = Instant::now();
    let mut run = Run {
        epoll,
        connections: all,
        idle: (0..connections).collect(),
        waiting: VecDeque::new(),
        answers: Answers::default(),
        ends: begun + time,
        feed,
    };
    match pace {
        Pace::Closed => run.closed()?,
        Pace::Open(rate) => run.open(begun, rate)?,
    }
    Ok(run.answers)
}

struct Run<'a> {
    epoll: Epoll,
    connections: Vec<Connection>,
    /// Taken in turn: one that never gets a request is closed by the server after a while.
    idle: VecDeque<usize>,
    /// When the requests were due that found no idle connection.
    waiting: VecDeque<Instant>,
    answers: Answers,
    ends: Instant,
    feed: &'a mut Feed,
}

impl Run<'_> {
    fn closed(&mut self) -> anyhow::Result<()> {
        loop {
            let now = Instant::now();
            while now < self.ends
                && let Some(index) = self.idle.pop_front()
            {
                if !self.begin(index, Instant::now())? {
                    self.idle.push_back(index);
                    self.ends = now;
                }
            }
            if self.idle.len() == self.connections.len() {
                return Ok(());
            }
            self.wait(Some(SILENCE))?;
        }
    }

    fn open(&mut self, begun: Instant, rate: f64) -> anyhow::Result<()> {
        let due = |number: u32| begun + Duration::from_secs_f64(f64::from(number) / rate);
        let mut number = 0;
        let patience = self.ends + SILENCE;
        loop {
            let now = Instant::now();
            while due(number) <= now && due(number) < self.ends {
                self.waiting.push_back(due(number));
                number += 1;
            }
            while !self.waiting.is_empty()
                && let Some(index) = self.idle.pop_front()
                && let Some(due) = self.waiting.pop_front()
            {
                ensure!(self.begin(index, due)?, "the bodies do not suffice");
            }
            if now >= self.ends && self.waiting.is_empty() && self.idle.len() == self.connections.len() {
                return Ok(());
            }
            ensure!(now < patience, "the server has not answered for {SILENCE:?}");
            // Without a pause: the core is this thread's own, and the time of a wait is too coarse.
            self.wait(None)?;
        }
    }

    /// Handles what is ready; waits for it where a time is given.
    fn wait(&mut self, silence: Option<Duration>) -> anyhow::Result<()> {
        let timeout = match silence {
            Some(time) => EpollTimeout::try_from(time)?,
            None => EpollTimeout::ZERO,
        };
        let mut events = [EpollEvent::empty(); 64];
        let ready = match self.epoll.wait(&mut events, timeout) {
            Err(Errno::EINTR) => return Ok(()),
            ready => ready?,
        };
        if ready == 0 && silence.is_some() {
            bail!("the server has not answered for {SILENCE:?}");
        }
        for event in &events[..ready] {
            let index = usize::try_from(event.data())?;
            if self.connections[index].blocked {
                self.send(index)?;
            }
            if event.events().contains(EpollFlags::EPOLLIN) {
                self.receive(index)?;
            }
        }
        Ok(())
    }

    /// Sends the next request, unless there is none.
    fn begin(&mut self, index: usize, due: Instant) -> anyhow::Result<bool> {
        let connection = &mut self.connections[index];
        connection.due = due;
        connection.sent = 0;
        let more = self.feed.next(&mut connection.request);
        if more {
            self.send(index)?;
        }
        Ok(more)
    }

    fn send(&mut self, index: usize) -> anyhow::Result<()> {
        let connection = &mut self.connections[index];
        let blocked = loop {
            match connection.stream.write(&connection.request[connection.sent..]) {
                Ok(count) => connection.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break true,
                Err(error) => return Err(error).context("can't send"),
            }
            if connection.sent == connection.request.len() {
                break false;
            }
        };
        if connection.blocked != blocked {
            connection.blocked = blocked;
            self.epoll
                .modify(&connection.stream, &mut event(index, blocked)?)?;
        }
        Ok(())
    }

    fn receive(&mut self, index: usize) -> anyhow::Result<()> {
        let connection = &mut self.connections[index];
        let mut block = [0; 8192];
        match connection.stream.read(&mut block) {
            Ok(0) => bail!("the server closed a connection"),
            Ok(count) => connection.answer.extend_from_slice(&block[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("can't receive"),
        }
        let Some((status, body)) = whole(&connection.answer)? else {
            return Ok(());
        };
        if status == b"200" {
            self.answers.taken += 1;
            self.answers.accepted += number_after(body, b"\"accepted\":");
            let micros = connection.due.elapsed().as_micros();
            self.answers
                .micros
                .push(u32::try_from(micros).unwrap_or(u32::MAX));
        } else {
            self.answers.refused += 1;
        }
        connection.answer.clear();
        self.idle.push_back(index);
        Ok(())
    }
}

fn event(index: usize, blocked: bool) -> anyhow::Result<EpollEvent> {
    let mut flags = EpollFlags::EPOLLIN;
    flags.set(EpollFlags::EPOLLOUT, blocked);
    Ok(EpollEvent::new(flags, u64::try_from(index)?))
}

/// Status and body, once the answer is there as a whole.
fn whole(answer: &[u8]) -> anyhow::Result<Option<(&[u8], &[u8])>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = answer.split_at(end + 4);
    let length = usize::try_from(number_after(head, b"content-length: "))?;
    ensure!(body.len() <= length, "an answer nobody asked for");
    let status = head.get(9..12).context("an answer without a status")?;
    Ok((body.len() == length).then_some((status, body)))
}

fn number_after(text: &[u8], name: &[u8]) -> u64 {
    let Some(at) = text.windows(name.len()).position(|part| part == name) else {
        return 0;
    };
    let digits = text[at + name.len()..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_when_they_are_whole() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{\"accepted\":3}";
        for length in 0..answer.len() {
            assert!(whole(&answer[..length]).unwrap().is_none());
        }
        let (status, body) = whole(answer).unwrap().unwrap();
        assert_eq!((status, number_after(body, b"\"accepted\":")), (&b"200"[..], 3));
        assert!(whole(&[&answer[..], b"x"].concat()).is_err());
    }
}
