//! Running, stopping, ended: told to all connections at once.

use tokio::sync::watch;

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Requests are taken.
    Running,
    /// What has begun is finished.
    Stopping,
    /// Nothing goes on.
    Ended,
}

/// Tells the stage.
pub(super) struct Stages(watch::Sender<Stage>);

impl Stages {
    pub(super) fn new() -> Stages {
        Stages(watch::Sender::new(Stage::Running))
    }

    /// Goes on to a stage; never back.
    pub(super) fn reach(&self, stage: Stage) {
        self.0.send_if_modified(|current| {
            let further = stage > *current;
            *current = stage.max(*current);
            further
        });
    }

    /// The stage.
    pub(super) fn current(&self) -> Stage {
        *self.0.borrow()
    }

    /// Returns when the stage is reached.
    pub(super) fn reached(&self, stage: Stage) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.0.subscribe();
        async move {
            // Without a sender there is nothing left that could be served.
            let _ = receiver.wait_for(|current| *current >= stage).await;
        }
    }
}
