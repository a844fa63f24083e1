//! A node that says what a test wants it to say.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// What it does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// It answers so.
    Answer(u16, String),
    /// It takes the connection and is silent.
    Nothing,
    /// It never comes to an end.
    Everything,
    /// A byte now and then.
    Little,
}

/// The node. It goes with the test's process.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A unit in a document: its name without the suffix, and its health.
pub(crate) fn unit(name: &str, health: u8) -> Value {
    let output = match health {
        0 => String::new(),
        _ => format!("{name} is not well\njournal of {name}\n"),
    };
    json!({"id": format!("{name}.service"), "health": health, "output": output, "description": format!("the unit {name}"),
        "help": "", "name": name})
}

/// A node's document, in the original's shape.
pub(crate) fn document(host: &str, role: &str, units: &[Value]) -> Value {
    json!({"units": units, "hostname": host, "ip": "", "dcos_version": "", "node_role": role, "mesos_id": "",
        "dcos_diagnostics_version": "0.4.0"})
}

impl Scripted {
    /// One that answers with this document.
    pub(crate) fn node(document: &Value) -> Scripted {
        Scripted::saying(Says::Answer(200, document.to_string()))
    }

    /// One that says this.
    pub(crate) fn saying(says: Says) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let node = Scripted {
            address: listener.local_addr().unwrap(),
            says: Arc::new(Mutex::new(says)),
            asked: Arc::default(),
        };
        let (says, asked) = (Arc::clone(&node.says), Arc::clone(&node.asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, says, asked) = (stream.unwrap(), Arc::clone(&says), Arc::clone(&asked));
                thread::spawn(move || serve(stream, &says, &asked));
            }
        });
        node
    }

    /// From now on it says this.
    pub(crate) fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// From now on it answers with this document.
    pub(crate) fn answer(&self, document: &Value) {
        self.say(Says::Answer(200, document.to_string()));
    }

    /// The heads of the requests that it got.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, says: &Mutex<Says>, asked: &Mutex<Vec<String>>) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    asked.lock().unwrap().push(head);
    let says = says.lock().unwrap().clone();
    match says {
        Says::Answer(status, body) => {
            // Whoever asked may have lost patience.
            let _ = write!(
                stream,
                "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
        Says::Nothing => thread::sleep(Duration::from_secs(3600)),
        Says::Everything => {
            let begin = b"HTTP/1.1 200 -\r\ncontent-type: application/json\r\n\r\n{\"units\":[";
            let unit = format!("{},", unit("a", 1)).repeat(100);
            let mut sent = stream.write_all(begin);
            while sent.is_ok() {
                sent = stream.write_all(unit.as_bytes());
            }
        }
        Says::Little => {
            let mut sent = stream.write_all(b"HTTP/1.1 200 -\r\nx-slow: ");
            while sent.is_ok() {
                sent = stream.write_all(b"x");
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}
