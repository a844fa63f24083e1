//! The threads and sockets: one port, a thread for each connection, and an end that does not wait for clients.
//!
//! What is answered is decided by a function from a request to [`Step`]s; this file carries the steps out.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::sockopt;

use crate::lock::lock;
use crate::port::Port;
use crate::request::{Request, Requests};
use crate::script::{LAST_CHUNK, Step};
use crate::stop::Stop;

/// Bytes of a chunk of a chunked answer.
const CHUNK: usize = 64 * 1024;
/// How long a failing `accept` (no more file descriptors) waits before it tries again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const STACK: usize = 256 * 1024;

/// Decides how a request is answered.
pub(crate) type Answer = Arc<dyn Fn(&Request) -> Vec<Step> + Send + Sync>;

/// One port and what it answers; dropped, it ends all its connections and threads.
pub(crate) struct Server {
    addr: SocketAddr,
    answer: Answer,
    door: Mutex<Door>,
}

enum Door {
    Open(Opening),
    Shut(#[allow(dead_code, reason = "held so that nobody else takes the port")] Option<Port>),
}

struct Opening {
    listener: Arc<TcpListener>,
    accepting: JoinHandle<()>,
    guests: Arc<Guests>,
}

/// The open connections of one opening.
#[derive(Default)]
struct Guests {
    stop: Stop,
    streams: Mutex<HashMap<u64, Arc<TcpStream>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Server {
    /// Binds the port (any free one for 0) and listens, unless it is to refuse.
    pub(crate) fn start(port: u16, refuse: bool, answer: Answer) -> io::Result<Self> {
        let port = Port::bind(port)?;
        let server = Self {
            addr: port.addr(),
            answer,
            door: Mutex::new(Door::Shut(Some(port))),
        };
        server.refuse(refuse)?;
        Ok(server)
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening, ending what is open, but keeps the port; or listens again.
    pub(crate) fn refuse(&self, refuse: bool) -> io::Result<()> {
        let mut door = lock(&self.door);
        match (std::mem::replace(&mut *door, Door::Shut(None)), refuse) {
            (Door::Open(opening), true) => {
                // The old socket, which listens no more, holds the port until the new one does.
                let held = opening.close();
                *door = Door::Shut(Some(Port::bind(self.addr.port())?));
                drop(held);
            }
            (Door::Shut(port), false) => {
                let port = match port {
                    Some(port) => port,
                    None => Port::bind(self.addr.port())?,
                };
                *door = Door::Open(Opening::new(port, &self.answer)?);
            }
            (unchanged, _) => *door = unchanged,
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Door::Open(opening) = std::mem::replace(&mut *lock(&self.door), Door::Shut(None)) {
            opening.close();
        }
    }
}

impl Opening {
    fn new(port: Port, answer: &Answer) -> io::Result<Self> {
        let listener = Arc::new(port.listen()?);
        let guests = Arc::new(Guests::default());
        let accepting = {
            let (listener, guests, answer) = (listener.clone(), guests.clone(), answer.clone());
            thread::Builder::new()
                .name("fleet-accept".to_owned())
                .stack_size(STACK)
                .spawn(move || accept(&listener, &guests, &answer))?
        };
        Ok(Self {
            listener,
            accepting,
            guests,
        })
    }

    fn close(self) -> Arc<TcpListener> {
        self.guests.stop.raise();
        // Shutting a listener down ends a blocked `accept` on Linux; elsewhere the connection does.
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        if let Ok(addr) = self.listener.local_addr() {
            let _ = TcpStream::connect_timeout(&addr, Duration::from_millis(100));
        }
        let _ = self.accepting.join();
        for stream in lock(&self.guests.streams).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let threads = std::mem::take(&mut *lock(&self.guests.threads));
        for thread in threads {
            let _ = thread.join();
        }
        self.listener
    }
}

fn accept(listener: &TcpListener, guests: &Arc<Guests>, answer: &Answer) {
    for id in 0.. {
        let accepted = listener.accept();
        if guests.stop.is_raised() {
            return;
        }
        let Ok((stream, _)) = accepted else {
            guests.stop.wait(ACCEPT_PAUSE);
            continue;
        };
        let stream = Arc::new(stream);
        lock(&guests.streams).insert(id, stream.clone());
        let host = (guests.clone(), answer.clone());
        let spawned = thread::Builder::new()
            .name("fleet-connection".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let (guests, answer) = host;
                // A connection that broke is what many faults are for: there is nobody to tell.
                let _ = converse(&stream, &guests.stop, &answer);
                // The last handle closes the socket, and it must be the one that knows of a reset.
                lock(&guests.streams).remove(&id);
                drop(stream);
            });
        let mut threads = lock(&guests.threads);
        threads.retain(|thread| !thread.is_finished());
        match spawned {
            Ok(thread) => threads.push(thread),
            Err(_) => drop(lock(&guests.streams).remove(&id)),
        }
    }
}

fn converse(stream: &TcpStream, stop: &Stop, answer: &Answer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = Requests::new(stream);
    while let Some(request) = requests.next()? {
        for step in answer(&request) {
            if stop.is_raised() || !perform(&step, stream, stop)? {
                return Ok(());
            }
        }
        if !request.keep_alive {
            break;
        }
    }
    Ok(())
}

/// Carries out one step; false when the connection is over.
fn perform(step: &Step, mut stream: &TcpStream, stop: &Stop) -> io::Result<bool> {
    match step {
        Step::Send(bytes) => stream.write_all(bytes.as_ref())?,
        Step::Chunks(bytes) => {
            for chunk in bytes.as_ref().chunks(CHUNK) {
                send_chunk(stream, chunk)?;
            }
        }
        Step::Drip(bytes, pause) => {
            for byte in bytes.as_ref() {
                stream.write_all(std::slice::from_ref(byte))?;
                if stop.wait(*pause) {
                    return Ok(false);
                }
            }
        }
        Step::Pour(pour) => {
            let mut pour = pour.clone();
            let mut block = Vec::with_capacity(2 * CHUNK);
            while pour.fill(&mut block, CHUNK) {
                send_chunk(stream, &block)?;
            }
            stream.write_all(LAST_CHUNK)?;
        }
        Step::Wait(duration) => return Ok(!stop.wait(*duration)),
        Step::Hang => {
            // Until the client gives up, or the owner does.
            let mut block = [0; 4096];
            while stream.read(&mut block)? > 0 {}
            return Ok(false);
        }
        Step::Reset => {
            sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
            return Ok(false);
        }
        Step::Close => return Ok(false),
    }
    Ok(true)
}

fn send_chunk(mut stream: &TcpStream, chunk: &[u8]) -> io::Result<()> {
    let mut framed = Vec::with_capacity(chunk.len() + 16);
    write!(framed, "{:x}\r\n", chunk.len())?;
    framed.extend_from_slice(chunk);
    framed.extend_from_slice(b"\r\n");
    stream.write_all(&framed)
}
