//! Emulated DC/OS clusters whose truth is known, and a scripted sink: for demo, tests and benchmarks. Never shipped.
//!
//! An [`emulation::Emulation`] serves the four documents that signal reads, each on a port of its own of
//! 127.0.0.1, so that any one of them can be refused, reset, starved or spoilt by a [`fault::Fault`] while
//! the others stay well. A [`sink::Sink`] is the other end: it takes what signal sends and answers as scripted.
//!
//! A [`spec::ClusterSpec`] is what a cluster is to be like. Everything that it leaves open is decided once by its
//! seed; from that come the documents on one side and the [`truth::Truth`] on the other, neither made of the other.
//!
//! How a request is answered is decided by pure code (`script` turns a fault and a request into steps); the
//! threads and sockets are in `server` alone. Nothing here reads a clock: waiting is done on conditions that
//! the owner's `drop` ends. [`skip`] is for tests that a machine can't do.
//!
//! A cluster is one moment. What whole fleets have sent over weeks is made by [`generate`], with its own truth.
//!
//! Beside all that, [`sandbox`] is a real systemd in namespaces of its own, for tests of what asks one.
//! And [`chromium`] is a real browser, for tests of what people see; a [`front::Front`] puts TLS before any server, with certificates
//! of an [`authority::Authority`]; an [`nginx::Nginx`] is a real one; and [`unprivileged`] is for what happens without rights.

pub mod authority;
pub mod chromium;
pub mod documents;
pub mod emulation;
pub mod fault;
pub mod flood;
pub mod front;
pub mod generate;
pub mod mistype;
pub mod nginx;
pub mod pages;
pub mod roll_out;
pub mod sandbox;
pub mod sink;
pub mod skip;
pub mod source;
pub mod spec;
pub mod truth;
pub mod unprivileged;

mod catalogue;
mod cluster;
mod defect;
mod head;
mod health;
mod journal;
mod lock;
mod mesos;
mod packages;
mod port;
mod request;
mod script;
mod server;
mod span;
mod stop;

pub use documents::Documents;
pub use emulation::Emulation;
pub use fault::Fault;
pub use sink::Sink;
pub use source::Source;
pub use spec::ClusterSpec;
pub use truth::Truth;
