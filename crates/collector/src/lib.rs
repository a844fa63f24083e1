//! Takes telemetry over the HTTP API of Segment and says 200 only for what is on disk, synced and counted once.
pub mod clock;
pub mod entropy;
pub mod ingest;
pub mod key;
