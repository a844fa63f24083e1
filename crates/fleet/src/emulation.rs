//! A cluster's four sources on 127.0.0.1, each on a port of its own, with a fault each or none.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::documents::Documents;
use crate::fault::Fault;
use crate::lock::lock;
use crate::request::{self, Request};
use crate::script::{Script, Transport};
use crate::server::Server;
use crate::source::Source;

/// How many requests are remembered; beyond that the oldest are forgotten.
const MAX_SEEN: usize = 10_000;

/// A request as a source saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who was asked.
    pub source: Source,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What stood after the `?`.
    pub query: Option<String>,
    /// Names as sent, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, unframed.
    pub body: Vec<u8>,
}

impl Seen {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        request::find(&self.headers, name)
    }
}

/// Four running sources. Dropped, it ends all connections and threads, hanging ones too.
pub struct Emulation {
    documents: Documents,
    transport: Transport,
    scripts: Arc<[Mutex<Arc<Script>>; 4]>,
    servers: [Server; 4],
    seen: Arc<Mutex<VecDeque<Seen>>>,
}

/// What an [`Emulation`] starts with.
#[derive(Clone, Debug)]
pub struct Builder {
    documents: Documents,
    faults: [Fault; 4],
    transport: Transport,
    port_base: u16,
}

impl Builder {
    /// Gives a source a fault.
    #[must_use]
    pub const fn fault(mut self, source: Source, fault: Fault) -> Self {
        self.faults[source.index()] = fault;
        self
    }

    /// Compresses for clients that accept gzip.
    #[must_use]
    pub const fn gzip(mut self, gzip: bool) -> Self {
        self.transport.gzip = gzip;
        self
    }

    /// Sends documents in chunks instead of with a Content-Length.
    #[must_use]
    pub const fn chunked(mut self, chunked: bool) -> Self {
        self.transport.chunked = chunked;
        self
    }

    /// The first of four consecutive ports, in the order of [`Source::ALL`]; 0 (the default) for any free ones.
    #[must_use]
    pub const fn port_base(mut self, port: u16) -> Self {
        self.port_base = port;
        self
    }

    /// Binds the ports and serves.
    ///
    /// # Errors
    /// When a port can't be bound or a thread not be started.
    pub fn start(self) -> io::Result<Emulation> {
        let Self {
            documents,
            faults,
            transport,
            port_base,
        } = self;
        let script = |source: Source| {
            Mutex::new(Arc::new(Script::new(
                source,
                faults[source.index()],
                transport,
                documents.of(source),
            )))
        };
        let scripts = Arc::new(Source::ALL.map(script));
        let seen = Arc::new(Mutex::new(VecDeque::new()));
        let serve = |source: Source| {
            let (scripts, seen) = (scripts.clone(), seen.clone());
            let port = match port_base {
                0 => 0,
                base => u16::try_from(source.index())
                    .ok()
                    .and_then(|index| base.checked_add(index))
                    .ok_or_else(|| {
                        io::Error::new(
                            io::ErrorKind::InvalidInput,
                            "four ports from the first one end above 65535",
                        )
                    })?,
            };
            let answer = Arc::new(move |request: &Request| {
                remember(&seen, source, request);
                let script = lock(&scripts[source.index()]).clone();
                script.steps(request)
            });
            Server::start(port, faults[source.index()] == Fault::Refused, answer)
        };
        let servers = [
            serve(Source::Diagnostics)?,
            serve(Source::Cosmos)?,
            serve(Source::Frameworks)?,
            serve(Source::Metrics)?,
        ];
        Ok(Emulation {
            documents,
            transport,
            scripts,
            servers,
            seen,
        })
    }
}

impl Emulation {
    /// Begins with these documents and no fault.
    #[must_use]
    pub const fn builder(documents: Documents) -> Builder {
        Builder {
            documents,
            faults: [Fault::None; 4],
            transport: Transport {
                gzip: false,
                chunked: false,
            },
            port_base: 0,
        }
    }

    /// Where a source listens, or would.
    #[must_use]
    pub const fn addr(&self, source: Source) -> SocketAddr {
        self.servers[source.index()].addr()
    }

    /// The URL of a source, without a query.
    #[must_use]
    pub fn url(&self, source: Source) -> String {
        format!("http://{}{}", self.addr(source), source.path())
    }

    /// The URL of the health report, without `?cache=0`.
    #[must_use]
    pub fn diagnostics_url(&self) -> String {
        self.url(Source::Diagnostics)
    }

    /// The URL of the list of packages.
    #[must_use]
    pub fn cosmos_url(&self) -> String {
        self.url(Source::Cosmos)
    }

    /// The URL of the frameworks.
    #[must_use]
    pub fn frameworks_url(&self) -> String {
        self.url(Source::Frameworks)
    }

    /// The URL of the metrics.
    #[must_use]
    pub fn metrics_url(&self) -> String {
        self.url(Source::Metrics)
    }

    /// The documents that are served where no fault spoils them.
    #[must_use]
    pub const fn documents(&self) -> &Documents {
        &self.documents
    }

    /// Every request so far, oldest first (the newest 10,000).
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.seen).iter().cloned().collect()
    }

    /// Gives a source another fault, or none. [`Fault::Refused`] also ends its open connections;
    /// an answer that is under way else goes on as it began.
    ///
    /// # Errors
    /// When the port can't be bound again after a time of refusing.
    pub fn set_fault(&self, source: Source, fault: Fault) -> io::Result<()> {
        let script = Script::new(source, fault, self.transport, self.documents.of(source));
        *lock(&self.scripts[source.index()]) = Arc::new(script);
        self.servers[source.index()].refuse(fault == Fault::Refused)
    }
}

fn remember(seen: &Mutex<VecDeque<Seen>>, source: Source, request: &Request) {
    let mut seen = lock(seen);
    if seen.len() == MAX_SEEN {
        seen.pop_front();
    }
    seen.push_back(Seen {
        source,
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
    });
}
