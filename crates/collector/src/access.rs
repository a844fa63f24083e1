//! People: who may look at what is collected, and how the collector knows that it is they.
//!
//! A user has a name, a role and a password; of the password an argon2id hash is kept. Whoever logs in gets a session: a random
//! secret in a cookie, of which the hash is kept. A role covers what the scope of a token does ([`crate::token::Scope`]), so that one
//! check serves people and their tools.
//!
//! | module | noun |
//! |---|---|
//! | [`user`] | names and roles |
//! | [`password`] | passwords and their hashes |
//! | [`session`] | sessions: what is in the cookie, and when they end |
//! | [`act`] | what is written about users, sessions and look-ups |
//! | [`look_up`] | who has looked at whom |
//! | [`invitation`] | the link by which the first user is made |
//! | `attempts` | how often somebody may try to log in |
//! | `origin` | whether a request comes from our own pages |
//! | `aim` | where somebody wanted to go before logging in |
//! | `cookie` | the cookie of a session |
//! | `hasher` | a few passwords at a time |
//! | `gate` | all of it together, for requests |
//! | `guard` | lets those in who may see a page |
//! | [`route`] | the routes of the dashboard, each with what it takes |
//! | `page` | where people come in and go out |

pub mod act;
pub(crate) mod aim;
mod attempts;
mod cookie;
pub(crate) mod gate;
pub(crate) mod guard;
mod hasher;
pub mod invitation;
pub mod look_up;
mod origin;
pub(crate) mod page;
pub mod password;
pub mod route;
pub mod session;
pub mod user;
