//! Takes telemetry over the HTTP API of Segment and says 200 only for what is on disk, synced and counted once.
//!
//! ```text
//! http: body → ingest: inflate → clean → envelope → check → writer: dedupe → fold → store: one transaction → 200
//! ```
//!
//! | module | noun |
//! |---|---|
//! | [`server`] | a running collector: [`server::Collector::start`], `stop` |
//! | `http` | paths and answers |
//! | `dashboard` | pages for people |
//! | `listen`, `client` | connections; who is at their other end |
//! | `limit` | how fast they may ask |
//! | [`ingest`] | from bytes to what is asked of the store; pure |
//! | [`writer`] | one thread, one transaction for all that waits |
//! | [`window`] | the ids of late, in memory |
//! | [`lookback`] | the ids of old, on disk |
//! | [`fold`] | what is written of a group of requests; pure |
//! | [`tenure`], [`clone`] | which of a cluster's reporters counts; two clusters under one id; pure |
//! | [`forget`] | who may have what forgotten; pure |
//! | [`forward`] | sends what is kept to another place as well |
//! | [`receipt_key`], [`secret`] | the key that receipts are signed with; secrets of the data directory |
//! | [`plan_dir`] | the vendor's own events |
//! | [`retention`] | how long what is kept; pure |
//! | [`import`], `local` | what comes by hand; the socket by which it comes to a running server |
//! | [`sheet`] | a day of all clusters, by coordinate; pure |
//! | `sheets` | keeps them for days that have come to rest |
//! | [`verdict`], `judging` | did a version make a unit worse? pure; what keeps the answers |
//! | [`question`] | what is asked of the days, and the answers |
//! | [`backup`], [`restore`] | copies of the database |
//! | [`rebuild`] | the days, made again from the messages that are kept |
//! | [`webhook`] | tells an endpoint of changed verdicts |
//! | `readers` | the threads that read for who asks |
//! | [`flat`] | messages as rows, for other tools; pure |
//! | [`store`] | the database; all SQL |
//! | [`token`] | tokens of those who read or administer |
//! | [`access`] | people: users, sessions, who has looked at whom |
//! | [`key`], [`keys`] | write keys; those that may be used |
//! | [`tracker`] | the script for browsers |
//! | [`metrics`] | what is counted while it runs |
//! | [`drift`] | how far senders' clocks are off; pure |
//! | [`quota`] | how much may be kept of what comes with a key |
//! | [`budget`] | the memory of requests under way |
//! | [`open_files`] | the room for connections |
//! | [`config`], [`environment`], [`clock`], [`entropy`] | what is passed in |

pub mod access;
pub mod backup;
pub mod budget;
mod client;
pub mod clock;
pub mod clone;
pub mod config;
mod dashboard;
pub mod delta;
pub mod drift;
pub mod entropy;
pub mod environment;
mod files;
pub mod flat;
pub mod fold;
pub mod forget;
pub mod forward;
mod http;
pub mod import;
pub mod ingest;
mod judging;
pub mod key;
pub mod keys;
mod limit;
mod listen;
mod local;
mod lock;
pub mod lookback;
pub mod metrics;
pub mod open_files;
mod outgoing;
pub mod plan_dir;
pub mod question;
pub mod quota;
mod readers;
pub mod rebuild;
pub mod receipt_key;
pub mod restore;
pub mod retention;
pub mod secret;
pub mod server;
pub mod sheet;
mod sheets;
pub mod store;
pub mod tenure;
pub mod token;
pub mod tracker;
mod varint;
pub mod verdict;
pub mod webhook;
pub mod window;
pub mod writer;

pub use http::openapi;
pub use lock::LockError;
