//! The paths, all on one screen, and what stands before them: which page a request comes from, and how fast requests come.

mod answer;
mod settings;
mod take;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use crate::clock::Stopwatch;
use crate::cluster::Cluster;
use crate::config::Config;
use crate::envelope::CALLS;
use crate::keeper::Keeper;
use crate::limit::{Limits, Rate};
use crate::listen::Peer;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What requests need.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) keeper: Keeper,
    limits: Limits,
    clock: Stopwatch,
}

impl App {
    pub(crate) fn new(config: Config, cluster: Arc<Cluster>, keeper: Keeper) -> App {
        let of_client = Rate {
            per_second: config.client_rate,
            burst: config.client_burst,
        };
        let of_all = Rate {
            per_second: config.rate,
            burst: config.burst,
        };
        App {
            limits: Limits::new(of_client, of_all),
            config,
            cluster,
            keeper,
            clock: Stopwatch::start(),
        }
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.config.timeout.into())
    }

    /// Whether this browser's messages are wanted: nobody has said no, neither for it nor for the cluster.
    fn is_wanted(&self, headers: &HeaderMap) -> bool {
        let one = HeaderValue::from_static("1");
        let objects = ["sec-gpc", "dnt"]
            .iter()
            .any(|name| headers.get(*name) == Some(&one));
        !objects && self.config.tracking && self.cluster.is_on()
    }
}

/// All paths.
pub(crate) fn router(app: Arc<App>) -> Router {
    let mut api = Router::new()
        .route("/healthz", get(answer::well))
        .route("/ui-config", get(settings::ui_config))
        .route("/tracker.js", get(settings::classic))
        .route("/tracker.mjs", get(settings::module))
        .route("/v1/projects/{key}/settings", get(settings::of_analytics))
        .route("/projects/{key}/settings", get(settings::of_analytics))
        .route("/v1/batch", post(take::batch))
        .route("/v1/b", post(take::batch))
        .route("/v1/m", post(take::nothing));
    for call in CALLS {
        api = api
            .route(&format!("/v1/{call}"), post(take::call))
            .route(&format!("/v1/{}", &call[..1]), post(take::call));
    }
    Router::new()
        .nest(&app.config.prefix, api)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), door))
        .route("/healthz", get(answer::well))
        .fallback(answer::nowhere)
        .with_state(app)
}

/// Lets in whoever may ask, not too fast, and tells pages of other origins what they may read.
async fn door(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let origin = match origin_of(&app, request.headers()) {
        Ok(origin) => origin,
        Err(()) => return answer::foreign(),
    };
    let response = if request.method() == Method::OPTIONS {
        answer::preflight(origin.is_some())
    } else {
        match app.limits.take(client(&app, &request), app.clock.elapsed()) {
            Ok(()) => next.run(request).await,
            Err(seconds) => {
                let (_, body) = request.into_parts();
                take::discard(&app, body).await;
                answer::too_fast(seconds)
            }
        }
    };
    answer::granted(response, origin)
}

/// The listed origin that a request comes from; nothing where it comes from the cluster's own pages or from no page.
fn origin_of(app: &App, headers: &HeaderMap) -> Result<Option<HeaderValue>, ()> {
    let origin = headers.get(header::ORIGIN);
    if let Some(origin) = origin
        && app
            .config
            .origins
            .iter()
            .any(|listed| listed.as_bytes() == origin.as_bytes())
    {
        return Ok(Some(origin.clone()));
    }
    if let Some(site) = headers.get(FETCH_SITE) {
        let own = [&b"same-origin"[..], b"none"].contains(&site.as_bytes());
        return if own { Ok(None) } else { Err(()) };
    }
    let Some(origin) = origin.and_then(|origin| origin.to_str().ok()) else {
        return if origin.is_some() { Err(()) } else { Ok(None) };
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    let stated = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = app.config.public_url.as_deref() == Some(origin) || (host.is_some() && host == stated);
    if own { Ok(None) } else { Err(()) }
}

/// Whose request it is: the address that the cluster's proxy saw. It stays in memory.
fn client(app: &App, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>().and_then(|peer| peer.0);
    let is_proxy = |address: IpAddr| {
        app.config
            .proxies
            .iter()
            .any(|net| net.contains(&address.to_canonical()))
    };
    if peer.is_some_and(|peer| !is_proxy(peer)) {
        return peer;
    }
    let stated = request.headers().get_all(FORWARDED_FOR);
    let hops: Vec<&str> = stated.iter().filter_map(|value| value.to_str().ok()).collect();
    let hops = hops.join(",");
    let last = hops.rsplit(',').map_while(|hop| hop.trim().parse().ok());
    last.into_iter().find(|hop| !is_proxy(*hop)).or(peer)
}
