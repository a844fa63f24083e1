//! What a report would say, for the operator's screen: the seed's JSON, an object of `cosmos`, `diagnostics` and `mesos`, each
//! `null` where there is nothing to send.

use heliograph_wire::id::ClusterId;
use heliograph_wire::segment::Properties;
use serde::Serialize;

use crate::config::Secret;
use crate::report::{Event, Report};

#[derive(Serialize)]
struct Preview<'a> {
    cosmos: Option<Track<'a>>,
    diagnostics: Option<Track<'a>>,
    mesos: Option<Track<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Track<'a> {
    properties: Properties,
    anonymous_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    event: &'a str,
}

/// The preview's text, indented by four spaces.
///
/// # Errors
/// Never for a report of this crate; the type is that of the serializer.
pub fn render(
    report: &Report,
    cluster: &ClusterId,
    customer_key: Option<&Secret>,
) -> serde_json::Result<String> {
    let track = |event: &Option<Event>| {
        event.as_ref().map(|event| Track {
            properties: event.properties(),
            anonymous_id: cluster.as_str(),
            user_id: customer_key.map(Secret::expose),
            event: event.name,
        })
    };
    let preview = Preview {
        cosmos: track(&report.cosmos),
        diagnostics: track(&report.diagnostics),
        mesos: track(&report.mesos),
    };
    let mut text = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    preview.serialize(&mut serde_json::Serializer::with_formatter(&mut text, indent))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
