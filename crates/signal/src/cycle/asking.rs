//! Asking the sources that are switched on, and in DC/OS Enterprise the services beside them.

use std::borrow::Cow;
use std::thread;

use heliograph_wire::catalogue::Catalogue;
use heliograph_wire::id::ClusterId;

use super::{Cycle, Exit};
use crate::collect::{self, Sources, Tried};
use crate::config::Config;
use crate::enterprise::login::Login;
use crate::enterprise::{self, licence};
use crate::http::Client;
use crate::report::Report;
use crate::source::Asker;

impl Cycle<'_> {
    /// The configuration with the licence's id, where the licensing service tells it.
    pub fn licensed(&self) -> Cow<'_, Config> {
        let found = enterprise::licensing_place(self.config).and_then(|place| licence::find(&place));
        match found {
            None => Cow::Borrowed(self.config),
            found => Cow::Owned(Config {
                license_id: found,
                ..self.config.clone()
            }),
        }
    }

    /// Logs in, where there may be an account for that and a source to show the token to.
    fn login<'c>(&self, client: &'c Client, sources: &Sources<'_>) -> Option<Login<'c>> {
        let place = enterprise::account_place(self.config, self.environment)?;
        let anything = [sources.diagnostics, sources.cosmos, sources.mesos];
        let wanted = anything.iter().any(|urls| !urls.is_empty());
        wanted.then(|| Login::begin(client, &place, self.clock))
    }

    /// The sources that are switched on, and whose answers may leave.
    pub fn sources(&self) -> Sources<'_> {
        let config = self.config;
        let wanted = |event, urls| {
            if config.selection.admits_event(event) {
                urls
            } else {
                &[][..]
            }
        };
        Sources {
            diagnostics: wanted("health", &config.diagnostics_urls),
            cosmos: wanted("package_list", &config.cosmos_urls),
            mesos: wanted("mesos_track", &config.mesos_urls),
        }
    }

    /// Asks the sources; also returned is what became of each URL.
    pub(super) fn collect(&self, cluster: &ClusterId, client: &Client) -> (Report, Vec<Tried>, Exit) {
        let config = self.config;
        let catalogue = Catalogue::new(config.names, config.units.clone());
        let sources = self.sources();
        let (collection, licensed) = thread::scope(|scope| {
            // Beside the sources, so that it takes no time of its own.
            let licensed = scope.spawn(|| self.licensed());
            let login = self.login(client, &sources);
            let asker = Asker {
                client,
                catalogue: &catalogue,
                timeout: config.source_timeout,
                login: login.as_ref(),
            };
            let collection = collect::collect(asker, sources);
            (collection, licensed.join())
        });
        collect::log_oddities(&collection);
        let licensed = licensed.unwrap_or(Cow::Borrowed(config));
        let report = Report::new(&collection, &licensed, cluster, &catalogue);
        let exit = Exit::of(&collection);
        (report, collection.tried, exit)
    }
}
