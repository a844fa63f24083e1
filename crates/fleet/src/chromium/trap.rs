//! Where everything goes that a browser wants of other hosts than this one: the browser takes it for its proxy. It answers nothing,
//! so that nothing leaves this host.

use std::io::{self, BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::lock::lock;

/// The trap.
#[derive(Debug)]
pub(super) struct Trap {
    address: SocketAddr,
    wanted: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

impl Trap {
    pub(super) fn start() -> io::Result<Trap> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let trap = Trap {
            address: listener.local_addr()?,
            wanted: Arc::default(),
            stop: Arc::default(),
        };
        let (wanted, stop) = (trap.wanted.clone(), trap.stop.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let wanted = wanted.clone();
                thread::spawn(move || {
                    let mut line = String::new();
                    // Some connections are opened to be used later.
                    if BufReader::new(client)
                        .read_line(&mut line)
                        .is_ok_and(|read| read > 0)
                    {
                        lock(&wanted).push(line.trim_end().to_owned());
                    }
                });
            }
        });
        Ok(trap)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first lines of all requests.
    pub(super) fn wanted(&self) -> Vec<String> {
        lock(&self.wanted).clone()
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}
