//! What is shown where nothing has been reported yet: how to get the first report in.

use askama::Template;

use super::frame::Frame;
use super::page::Content;

/// The steps.
#[derive(Template)]
#[template(path = "welcome.html")]
pub(crate) struct Welcome {
    pub(crate) frame: Frame,
    /// Where clusters reach the collector.
    pub(crate) sink: String,
    /// The data directory.
    pub(crate) data: String,
}

impl Content for Welcome {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }
}
