//! `GET /system/health/v1/report`, `…/units…` and `…/nodes…`: the cluster, on the nodes that look at it.

mod looked;

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use heliograph_wire::summary;
use serde::Serialize;

use self::looked::Looked;
use super::App;
use super::pieces::Pieces;
use crate::cluster::node::ClusterUnit;
use crate::cluster::view::{ClusterView, Named, UnitView};
use crate::consumer::Consumer;
use crate::document::cluster::{Node, NodeDetail, Nodes, Unit, UnitDetail, Units};
use crate::document::report::Report;
use crate::document::summary as summary_of;

/// What a browser is to call a report that it keeps.
const FILE_NAME: &str = "attachment; filename=health-report.json";

/// The paths.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/report", get(report))
        .route("/report/download", get(download))
        .route("/units", get(units))
        .route("/units/{unit}", get(unit))
        .route("/units/{unit}/nodes", get(unit_nodes))
        .route("/units/{unit}/nodes/{node}", get(unit_node))
        .route("/nodes", get(nodes))
        .route("/nodes/{node}", get(node))
        .route("/nodes/{node}/units", get(node_units))
        .route("/nodes/{node}/units/{unit}", get(node_unit))
}

/// What there is to show, and to whom.
type Shown = (Extension<Consumer>, Looked);

/// The report, or the summary for who asks for that.
async fn report((Extension(consumer), looked): Shown, headers: HeaderMap) -> Response {
    if wants_summary(&headers) {
        return looked.json_as(
            summary::CONTENT_TYPE,
            &summary_of::of(&looked.view, looked.now.uptime),
        );
    }
    let report = Report::new(Arc::clone(&looked.view), consumer).map(Bytes::from);
    looked.answer("application/json", Pieces::body(report))
}

async fn download((Extension(consumer), looked): Shown) -> Response {
    let report = Report::new(Arc::clone(&looked.view), consumer).map(Bytes::from);
    let mut answer = looked.answer("application/json", Pieces::body(report));
    let disposition = HeaderValue::from_static(FILE_NAME);
    answer
        .headers_mut()
        .insert(header::CONTENT_DISPOSITION, disposition);
    answer
}

async fn units((_, looked): Shown) -> Response {
    looked.json(&Units::of_cluster(&looked.view))
}

async fn unit((_, looked): Shown, Path(unit): Path<String>) -> Response {
    found(find_unit(&looked.view, &unit), |unit| {
        looked.json(&Unit::across(unit))
    })
}

async fn unit_nodes((_, looked): Shown, Path(unit): Path<String>) -> Response {
    found(find_unit(&looked.view, &unit), |unit| {
        looked.json(&Nodes::of_unit(unit, looked.now))
    })
}

async fn unit_node(
    (Extension(consumer), looked): Shown,
    Path((unit, node)): Path<(String, String)>,
) -> Response {
    let on_node = find_unit(&looked.view, &unit).and_then(|_| find_on_node(&looked.view, &node, &unit));
    found(on_node, |(node, unit)| {
        looked.json(&NodeDetail::new(node, unit, &consumer, looked.now))
    })
}

async fn nodes((_, looked): Shown) -> Response {
    looked.json(&Nodes::of_cluster(&looked.view, looked.now))
}

async fn node((_, looked): Shown, Path(node): Path<String>) -> Response {
    found(find_node(&looked.view, &node), |node| {
        looked.json(&Node::whole(node, looked.now))
    })
}

async fn node_units((_, looked): Shown, Path(node): Path<String>) -> Response {
    found(find_node(&looked.view, &node), |named| {
        looked.json(&Units::of_node(&named.node))
    })
}

async fn node_unit(
    (Extension(consumer), looked): Shown,
    Path((node, unit)): Path<(String, String)>,
) -> Response {
    found(find_on_node(&looked.view, &node, &unit), |(named, unit)| {
        looked.json(&UnitDetail::new(&named.node, unit, &consumer, looked.now))
    })
}

/// What is not there, in words.
struct Missing(String);

fn find_unit<'a>(view: &'a ClusterView, unit: &str) -> Result<UnitView<'a>, Missing> {
    view.unit(unit).ok_or_else(|| Missing(format!("Unit {unit}")))
}

fn find_node<'a>(view: &'a ClusterView, node: &str) -> Result<&'a Named, Missing> {
    view.node(node).ok_or_else(|| Missing(format!("Node {node}")))
}

fn find_on_node<'a>(
    view: &'a ClusterView,
    node: &str,
    unit: &str,
) -> Result<(&'a Named, &'a ClusterUnit), Missing> {
    let named = find_node(view, node)?;
    let found = named.node.unit(unit);
    let unit = found.ok_or_else(|| Missing(format!("Unit {unit} on node {node}")))?;
    Ok((named, unit))
}

fn found<T>(found: Result<T, Missing>, show: impl FnOnce(T) -> Response) -> Response {
    match found {
        Ok(found) => show(found),
        Err(Missing(what)) => (StatusCode::NOT_FOUND, format!("{what} not found\n")).into_response(),
    }
}

/// Whether the summary is asked for by its type. A reader of the original's reports asks for no type or for any.
fn wants_summary(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok());
    accepted.flat_map(|accept| accept.split(',')).any(|accept| {
        accept
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim() == summary::CONTENT_TYPE)
    })
}

impl Looked {
    fn json(&self, document: &impl Serialize) -> Response {
        self.json_as("application/json", document)
    }

    fn json_as(&self, kind: &'static str, document: &impl Serialize) -> Response {
        match serde_json::to_vec(document) {
            Ok(mut body) => {
                body.push(b'\n');
                self.answer(kind, body.into())
            }
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_for_who_names_it() {
        for (accept, wants) in [
            (&[][..], false),
            (&["*/*"], false),
            (&["application/json"], false),
            (&["application/vnd.heliograph.summary+json"], true),
            (
                &["application/vnd.heliograph.summary+json;q=1, application/json;q=0.9"],
                true,
            ),
            (
                &[
                    "application/json",
                    "text/html, application/vnd.heliograph.summary+json",
                ],
                true,
            ),
            (&["application/vnd.heliograph.summary"], false),
        ] {
            let mut headers = HeaderMap::new();
            for accept in accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(wants_summary(&headers), wants, "{accept:?}");
        }
    }
}
