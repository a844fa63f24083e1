//! Who asked is told on the runtime's own threads, all of a commit in one task: told from here, each of them would wake a thread
//! for itself, and what they sent would be given back on another thread than it was taken on.

use tokio::runtime::Handle;

/// Where answers are given.
#[derive(Debug)]
pub(super) struct Told(Option<Handle>);

impl Default for Told {
    /// On the runtime in which this is called; at once where there is none.
    fn default() -> Told {
        Told(Handle::try_current().ok())
    }
}

impl Told {
    /// Gives the answers of a commit. A runtime that ends before it does is one of which nobody waits for them any more.
    pub(super) fn tell(&self, answer: impl FnOnce() + Send + 'static) {
        match &self.0 {
            Some(runtime) => drop(runtime.spawn(async move { answer() })),
            None => answer(),
        }
    }
}
