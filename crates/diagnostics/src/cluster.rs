//! The cluster as a master sees it.
//!
//! ```text
//! lists ─members→ membership ─→ schedule ─turns→ poll ─documents→ node ─┐
//!                                                                      view ─→ document → http
//! ```
//!
//! Everything that decides is pure and gets the time passed in: who belongs to the cluster ([`membership`]), who is asked when
//! ([`schedule`]), what an answer or its absence makes of a node ([`node`]), what that is for a unit across all nodes ([`view`]).
//! `pull` is the thin shell around them: one task that owns all of it, asks, and publishes views.

pub mod member;
pub mod membership;
pub mod node;
pub mod schedule;
pub mod view;
