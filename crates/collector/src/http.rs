//! What is answered over HTTP. [`router`] is the table of contents.

mod accept;
mod admin;
mod answer;
mod body;
mod call;
mod cors;
mod credentials;
mod door;
mod feed;
mod forget;
mod health;
mod import;
mod intake;
mod metrics;
mod openapi;
mod page;
mod pixel;
mod privacy;
mod problem;
mod question;
mod regulations;
mod sdk_metrics;
mod settings;
mod tracker;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tokio::sync::Semaphore;

use self::answer::Refused;
use self::cors::Cors;
pub(crate) use self::regulations::subject_type;
use crate::access::gate::Gate;
use crate::access::{guard, route};
use crate::budget::Budget;
use crate::clock::Clock;
use crate::config::{Config, PublicUrl};
use crate::entropy::Entropy;
use crate::ingest::planned::Planned;
use crate::ingest::subject::SubjectKey;
use crate::key::Key;
use crate::keys::Keys;
use crate::limit::Limits;
use crate::lookback::Lookback;
use crate::metrics::Fast;
use crate::readers::Readers;
use crate::retention::Retention;
use crate::secret::Secrets;
use crate::server::Sources;
use crate::writer::Queue;

pub(crate) use self::admin::{Caller, authenticate};
pub(crate) use self::door::Door;
pub use self::openapi::text as openapi;
pub(crate) use self::settings::reached;

/// What requests need.
pub(crate) struct App {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) secrets: Secrets,
    pub(crate) lookback: Lookback,
    pub(crate) queue: Queue,
    pub(crate) budget: Arc<Budget>,
    pub(crate) body_timeout: Duration,
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Whether metrics have a socket of their own.
    pub(crate) metrics_apart: bool,
    pub(crate) cors: Cors,
    /// What may be collected.
    pub(crate) plan: Planned<'static>,
    /// Where browsers reach the collector, where that is configured.
    pub(crate) public_url: Option<PublicUrl>,
    /// Whether TLS is spoken here.
    pub(crate) tls: bool,
    pub(crate) limits: Limits,
    /// Who may look at what is collected.
    pub(crate) gate: Gate,
    /// How long what is kept.
    pub(crate) retention: Retention,
    /// Those who may watch messages arrive.
    pub(crate) watchers: Arc<Semaphore>,
    /// Where administrators are attended to.
    desk: admin::Desk,
    /// Who reads for those who ask questions.
    pub(crate) readers: Readers,
    readiness: health::Readiness,
    stopping: AtomicBool,
}

impl App {
    /// # Errors
    /// When a thread can't be started.
    pub(crate) fn new(
        sources: Sources,
        keys: Arc<Keys>,
        secrets: Secrets,
        lookback: Lookback,
        queue: Queue,
        plan: Planned<'static>,
        config: &Config,
    ) -> io::Result<App> {
        Ok(App {
            clock: sources.clock,
            entropy: sources.entropy,
            keys,
            secrets,
            lookback,
            queue,
            budget: Budget::of(config.request_memory),
            body_timeout: config.body_timeout,
            data: config.data.clone(),
            metrics_apart: config.metrics_listen.is_some(),
            cors: Cors::of(&config.cors_origins),
            plan,
            public_url: config.public_url.clone(),
            tls: config.tls_cert.is_some(),
            limits: Limits::of(config),
            gate: Gate::of(config),
            retention: config.retention,
            watchers: Arc::new(Semaphore::new(crate::dashboard::WATCHERS)),
            desk: admin::Desk::default(),
            readers: Readers::start(&config.data)?,
            readiness: health::Readiness::default(),
            stopping: AtomicBool::new(false),
        })
    }

    /// What hashes whom messages are about, where anybody is suppressed.
    fn subjects(&self) -> Option<&SubjectKey> {
        self.queue.suppresses_anybody().then_some(&*self.secrets.subjects)
    }

    /// A request comes with a key; refuses it where too many do.
    fn admit(&self, key: Key) -> Result<(), Refused> {
        self.limits.key(key.id).map_err(|over| {
            self.queue.metrics().too_fast(Fast::Key);
            Refused::TooFast(Fast::Key, over)
        })
    }

    /// Whether it is about to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// From now on it says that it is not ready.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

/// Where the outside comes in.
pub(crate) fn door(app: &Arc<App>, config: &Config) -> Door {
    let router = router(Arc::clone(app));
    Door::guarded(router, Arc::clone(app), config.trusted_proxies.clone())
}

/// All paths of the socket in the data directory.
pub(crate) fn local_router(app: Arc<App>) -> Router {
    Router::new()
        .route(import::PATH, post(import::post))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::other_method)
        .with_state(app)
}

/// The path of the socket for metrics.
pub(crate) fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .route(metrics::PATH, get(metrics::get))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::other_method)
        .with_state(app)
}

/// All paths.
fn router(app: Arc<App>) -> Router {
    segment_routes()
        .merge(route::router(&app))
        .route(forget::PATH, post(forget::post))
        .route(regulations::ALL, post(regulations::post).get(regulations::list))
        .route(
            regulations::ONE,
            get(regulations::get).delete(regulations::delete),
        )
        .route(
            regulations::OF_SOURCE,
            post(regulations::post_of_source).get(regulations::list_of_source),
        )
        .route(regulations::SUPPRESSIONS, get(regulations::suppressions))
        .route(question::ALL, get(question::list))
        .route(question::ALL.trim_end_matches('/'), get(question::list))
        .route(openapi::PATH, get(openapi::get))
        .route(feed::PATH, get(feed::get))
        .route(question::ONE, get(question::answer))
        .route(privacy::GPC_PATH, get(privacy::gpc))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route(metrics::PATH, get(metrics::get_local))
        .fallback(nowhere)
        .method_not_allowed_fallback(problem::other_method)
        .layer(from_fn_with_state(Arc::clone(&app), metrics::count))
        .with_state(app)
}

/// What is answered on a path that there is not: a page for people, a problem for programs.
async fn nowhere(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    if guard::wants_page(request.method(), request.headers()) {
        return guard::nowhere(&app, request.headers()).await;
    }
    problem::not_found().await
}

/// The paths of Segment's HTTP API: the ones that browsers reach from other origins.
fn segment_routes() -> Router<Arc<App>> {
    let mut router = Router::new();
    for (path, call) in call::paths() {
        let take = move |State(app): State<Arc<App>>, request: Request<Body>| async move {
            intake::post(&app, request, call).await
        };
        router = router.route(&path, open(post(take)));
    }
    for (path, call) in call::pixel_paths() {
        let take = move |State(app): State<Arc<App>>, request: Request<Body>| async move {
            pixel::get(&app, request, call).await
        };
        router = router.route(&path, open(get(take).head(pixel::head)));
    }
    for path in settings::PATHS {
        router = router.route(path, open(get(settings::get)));
    }
    for path in settings::SCRIPT_PATHS {
        router = router.route(path, open(get(settings::script)));
    }
    for path in tracker::PATHS {
        router = router.route(path, open(get(tracker::get)));
    }
    router.route(sdk_metrics::PATH, open(post(sdk_metrics::post)))
}

/// Lets browsers ask first, and tells them about other methods, too.
fn open(methods: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    methods.options(intake::options).fallback(intake::other_method)
}
