//! One message, checked: what it is, whether it may be taken, how it is recognised when it comes again, and its record.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use heliograph_wire::id::{ClusterId, ReporterId, hex};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::delta::{self, Share};
use crate::entropy::{self, Entropy, NoEntropy};
use crate::ingest::browser::{self, Filter};
use crate::ingest::extent;
use crate::ingest::fields::Fields;
use crate::ingest::members::Members;
use crate::ingest::mention::{self, Mentions};
use crate::ingest::moment::{self, Claims, Moment, Trust};
use crate::ingest::object::Object;
use crate::ingest::outcome::Rejection;
use crate::ingest::planned::{Listed, Planned, Unplanned};
use crate::ingest::record::{Content, Times};
use crate::ingest::slot::{self, PropertiesDigest, Report};
use crate::ingest::subject::{Subject, SubjectKey};
use crate::ingest::text;
use crate::ingest::violation::Violations;
use crate::key::{Key, KeyId, KeyKind};
use crate::lookback::{self, Sought};
use crate::window::Floor;

/// Longest `messageId` that is kept as it is, in characters; of a longer one its SHA-256 is kept.
pub const MAX_MESSAGE_ID: usize = 100;

/// The property in which reports name their cluster, beside their `anonymousId`.
const CLUSTER_ID: &str = "clusterId";

/// What a message's `type` may be.
pub const KINDS: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// A message that may be taken.
#[derive(Debug)]
pub struct Checked {
    /// How it is recognised.
    pub identity: Identity,
    /// Before this it was not taken, if it was taken already.
    pub since: Timestamp,
    /// How far the sender's clock is behind ours.
    pub drift: Option<SignedDuration>,
    /// Where its record lies among those of its request.
    pub record: Range<usize>,
    /// Whom it is about; `None` where nobody was suppressed when it was checked, and so nobody asked.
    pub subjects: Option<Box<[Subject]>>,
    /// Who speaks for which cluster, where it is no report but an event of a cluster.
    pub speaker: Option<Box<Speaker>>,
    /// Whether it is known to stand beside another report that counts, since it did where it was exported.
    pub beside: bool,
    /// Where it was looked for.
    pub sought: Sought,
    /// What it adds to what, if it counts.
    pub share: Share,
    /// How it differs from the plan, if it does.
    pub violations: Option<Box<Violations>>,
}

/// Who speaks for a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Speaker {
    /// The cluster.
    pub cluster: ClusterId,
    /// The one that sends; nobody, where it does not say.
    pub reporter: Option<ReporterId>,
    /// Whether what it says could as well be a report.
    pub reports: bool,
}

/// How a message is recognised when it comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A report of a cluster: by its slot, as long as data is kept.
    Report(Arc<Report>),
    /// Any other message: by key and `messageId`.
    Message(MessageKey),
}

/// The first 128 bits of a hash of the write key's number and the `messageId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageKey(pub u128);

/// What holds for all messages of a request.
#[derive(Debug)]
pub struct Common<'a> {
    /// The key that it came with.
    pub key: Key,
    /// When it arrived.
    pub now: Timestamp,
    /// Whose clock is believed.
    pub trust: Trust,
    /// Largest message, in bytes.
    pub max_message: usize,
    /// What hashes them for what is remembered of a message that is refused.
    pub hashing: &'a SubjectKey,
    /// What may be collected.
    pub plan: &'a Planned<'static>,
    /// What hashes whom messages are about, where anybody is suppressed.
    pub subjects: Option<&'a SubjectKey>,
    /// The `type` of all of them, where it is not for them to say.
    pub kind: Option<&'static str>,
    /// When it left, by the envelope.
    pub sent_at: Option<Timestamp>,
    /// Both times, as they are written.
    pub times: Times,
    /// What the messages were read from.
    pub source: &'a str,
    /// The batch's context.
    pub context: Option<Members<'a>>,
    /// The batch's integrations.
    pub integrations: Option<Members<'a>>,
}

/// Why a message is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// It is at fault.
    Rejected(Rejection),
    /// We are: no id could be made for it.
    NoEntropy(NoEntropy),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        Refusal::Rejected(rejection)
    }
}

impl MessageKey {
    /// The key of a message.
    pub fn of(key: KeyId, message_id: &str) -> MessageKey {
        let hash = Sha256::new()
            .chain_update(key.0.to_be_bytes())
            .chain_update(message_id);
        let mut first = [0; 16];
        first.copy_from_slice(&hash.finalize()[..16]);
        MessageKey(u128::from_be_bytes(first))
    }
}

/// Checks a message and appends its record; nothing is appended for one that is refused.
///
/// # Errors
/// When it is refused.
pub fn check(
    fields: &Fields<'_>,
    common: &Common<'_>,
    entropy: &dyn Entropy,
    records: &mut Vec<u8>,
) -> Result<Checked, Refusal> {
    if fields.is_larger_than(common.max_message) {
        return Err(Rejection::TooLarge.into());
    }
    let kind = common.kind.map_or_else(|| kind(fields), Ok)?;
    let is_browser = common.key.kind == KeyKind::Ui;
    let id = |raw| {
        let id = id(raw);
        if is_browser { browser::opaque(id) } else { id }
    };
    let (user_id, anonymous_id) = (id(fields.user_id), id(fields.anonymous_id));
    let (group_id, previous_id) = (id(fields.group_id), id(fields.previous_id));
    if user_id.is_none() && (anonymous_id.is_none() || kind == "alias") {
        return Err(Rejection::NoUserAnonId.into());
    }
    if kind == "group" && group_id.is_none() {
        return Err(Rejection::NoGroupId.into());
    }
    if kind == "alias" && previous_id.is_none() {
        return Err(Rejection::NoPreviousId.into());
    }
    let event = fields
        .event
        .and_then(text::string)
        .filter(|event| !event.trim().is_empty());
    let event = if is_browser { browser::opaque(event) } else { event };
    if kind == "track" && event.is_none() {
        return Err(Rejection::NoEvent.into());
    }
    let nothing = Members::default();
    let tracked = event.as_deref().filter(|_| kind == "track");
    let properties = members(&fields.properties)?;
    let traits = members(&fields.traits)?;
    let context = without_address(laid_over(&fields.context, common.context.as_ref())?);
    let filter = is_browser.then(|| Filter::of(common.plan, kind, tracked));
    let filtered = filter.map(|filter| [properties, traits].map(|of| of.map(|of| filter.members(of))));
    let [properties, traits] = match &filtered {
        Some(filtered) => filtered.each_ref().map(Option::as_ref),
        None => [properties, traits],
    };
    let context = match filter {
        Some(filter) => filter.context(&context),
        None => context,
    };
    let said = delta::stated(
        kind,
        delta::RULES,
        properties.unwrap_or(&nothing),
        traits.unwrap_or(&nothing),
    );
    let mut integrations = laid_over(&fields.integrations, common.integrations.as_ref())?;
    if is_browser {
        integrations = Cow::Owned(Members::default());
    }

    let message_id = message_id(fields.message_id, entropy)?;
    let listed = tracked.and_then(|event| common.plan.event(common.key.kind, event));
    let (identity, speaker) = identity(
        common,
        kind,
        &message_id,
        tracked,
        listed,
        anonymous_id.as_deref(),
        &context,
        said,
    )?;
    let violations = match tracked {
        Some(event) => common.plan.check_listed(listed, common.key.kind, event, said),
        None => Violations::default(),
    };
    let stripped = strip(common.plan.unplanned, tracked, listed, said, &violations)?;
    let (properties, said) = match &stripped {
        Some(stripped) => (Some(stripped), stripped),
        None => (properties, said),
    };
    let subjects = common.subjects.map(|key| {
        let mentions = Mentions {
            anonymous_id: anonymous_id.clone(),
            user_id: user_id.clone(),
            group_id: group_id.clone(),
            previous_id: previous_id.clone(),
            ..Mentions::default()
        };
        key.of_message(&mentions.with_objects(properties, traits, &context))
    });
    let breakdown = listed.map_or_else(Vec::new, |listed| listed.broken_down(said));
    let declared = speaker.is_some() && listed.is_some_and(Listed::is_vendors);
    let moment = Moment::settle(claims(fields, common), common.now, common.trust);
    let name = fields.name.and_then(text::string);
    let name = if is_browser { name.map(browser::page) } else { name };
    let (cluster, part) = match (&identity, &speaker) {
        (Identity::Report(report), _) => (Some(&report.slot.cluster), report.slot.part),
        (Identity::Message(_), Some(speaker)) => (Some(&speaker.cluster), 1),
        (Identity::Message(_), None) => (None, 1),
    };
    let counted = delta::Message {
        kind,
        event: tracked,
        name: name.as_deref(),
        user: user_id.as_deref().or(anonymous_id.as_deref()),
        properties: said,
        timestamp: moment.timestamp,
        part,
        of_cluster: common.key.kind.speaks_for_clusters(),
        rules: delta::RULES,
        breakdown: &breakdown,
    };
    let share = Share::of(&counted, cluster.cloned());
    let content = Content {
        kind,
        message_id: &message_id,
        texts: [
            ("userId", user_id),
            ("anonymousId", anonymous_id),
            ("groupId", group_id),
            ("previousId", previous_id),
            ("event", event),
            ("name", name),
        ],
        objects: [("properties", properties), ("traits", traits)],
        context,
        integrations,
        moment,
        times: &common.times,
        source: common.source,
        key: common.key.id,
        violations: &violations,
        declared,
        breakdown: &breakdown,
    };
    // Nobody can have sent an id that was just made.
    let is_new = fields.message_id.and_then(text::id).is_none();
    let sought = if is_new {
        Sought::Before(Floor::at(common.now))
    } else {
        Sought::Nowhere
    };
    let start = records.len();
    if content.write(records).is_err() {
        records.truncate(start);
        return Err(Rejection::TooDeep.into());
    }
    Ok(Checked {
        identity,
        since: lookback::earliest(&moment),
        drift: moment.drift,
        record: start..records.len(),
        subjects,
        speaker,
        beside: false,
        sought,
        share,
        violations: (!violations.is_empty()).then(|| Box::new(violations)),
    })
}

fn kind(fields: &Fields<'_>) -> Result<&'static str, Rejection> {
    let stated = fields.kind.and_then(text::id).ok_or(Rejection::NoType)?;
    let known = KINDS.into_iter().find(|kind| **kind == *stated);
    known.ok_or(Rejection::UnknownType)
}

/// The members of a field that is an object, or nothing.
fn members<'f, 'a>(object: &'f Object<'a>) -> Result<Option<&'f Members<'a>>, Rejection> {
    match object {
        Object::Nothing => Ok(None),
        Object::Members(members) => Ok(Some(members)),
        Object::Other => Err(Rejection::FieldNotObject),
    }
}

fn laid_over<'f, 'a>(
    own: &'f Object<'a>,
    under: Option<&'f Members<'a>>,
) -> Result<Cow<'f, Members<'a>>, Rejection> {
    Ok(match (members(own)?, under) {
        (None, None) => Cow::Owned(Members::default()),
        (Some(one), None) | (None, Some(one)) => Cow::Borrowed(one),
        (Some(own), Some(under)) => {
            let mut members = own.clone();
            members.lay_over(under);
            Cow::Owned(members)
        }
    })
}

fn without_address<'f, 'a>(members: Cow<'f, Members<'a>>) -> Cow<'f, Members<'a>> {
    if members.has_address() {
        Cow::Owned(members.into_owned().without_address())
    } else {
        members
    }
}

fn message_id<'a>(raw: Option<&'a RawValue>, entropy: &dyn Entropy) -> Result<Cow<'a, str>, Refusal> {
    match raw.and_then(text::id) {
        Some(id) if id.len() > MAX_MESSAGE_ID && id.chars().count() > MAX_MESSAGE_ID => {
            Ok(Cow::Owned(hex(&Sha256::digest(&*id))))
        }
        Some(id) => Ok(id),
        None => entropy::message_id(entropy)
            .map(Cow::Owned)
            .map_err(Refusal::NoEntropy),
    }
}

/// `event` is that of a `track` call.
#[expect(clippy::too_many_arguments, reason = "all of them say who a message is of")]
fn identity(
    common: &Common<'_>,
    kind: &str,
    message_id: &str,
    event: Option<&str>,
    listed: Option<&Listed<'_>>,
    anonymous_id: Option<&str>,
    context: &Members<'_>,
    properties: &Members<'_>,
) -> Result<(Identity, Option<Box<Speaker>>), Rejection> {
    let slot = event.and_then(|event| slot::named_by(message_id, anonymous_id?, event));
    let reporter = mention::reporter(context);
    let of_cluster = slot.is_some() || listed.is_some_and(Listed::is_of_clusters);
    let speaks = common.key.kind.speaks_for_clusters();
    if of_cluster && !speaks {
        return Err(Rejection::ClusterEvent);
    }
    if let Some(slot) = slot {
        let nodes = extent::nodes(&slot.event, slot.part, properties);
        let report = Report {
            slot,
            reporter,
            digest: PropertiesDigest::of(properties),
            nodes,
        };
        return Ok((Identity::Report(Arc::new(report)), None));
    }
    // With a cluster's key comes too what its relay passes on of browsers: whose `anonymousId` is no cluster's.
    let names_cluster = || {
        let stated = properties.get(CLUSTER_ID).and_then(text::id);
        speaks
            && listed.is_some_and(Listed::is_vendors)
            && stated.is_some()
            && stated.as_deref() == anonymous_id
    };
    let of_cluster = of_cluster || names_cluster();
    let cluster = anonymous_id.filter(|_| of_cluster).and_then(|id| id.parse().ok());
    let of_browser =
        || delta::cluster_of_browser(kind, event, delta::RULES, properties, context).filter(|_| speaks);
    let cluster = cluster.or_else(of_browser);
    let reports = event.is_some_and(delta::is_report);
    let speaker = cluster.map(|cluster| {
        Box::new(Speaker {
            cluster,
            reporter,
            reports,
        })
    });
    Ok((
        Identity::Message(MessageKey::of(common.key.id, message_id)),
        speaker,
    ))
}

/// The properties that are kept, where they are not all; what the plan does not list may also be a reason to refuse the message.
fn strip<'a>(
    unplanned: Unplanned,
    event: Option<&str>,
    listed: Option<&Listed<'_>>,
    properties: &Members<'a>,
    violations: &Violations,
) -> Result<Option<Members<'a>>, Rejection> {
    if event.is_none() || unplanned == Unplanned::Keep || violations.is_empty() {
        return Ok(None);
    }
    let listed = listed.ok_or(Rejection::UnplannedEvent)?;
    match (violations.additional(), unplanned) {
        (None, _) => Ok(None),
        (Some(_), Unplanned::Reject) => Err(Rejection::UnplannedProperty),
        (Some(_), Unplanned::Keep | Unplanned::Strip) => {
            let wanted = |name: &str| listed.property(name).is_some();
            Ok(Some(properties.clone().filtered(wanted)))
        }
    }
}

fn id(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    raw.and_then(text::id)
}

fn claims(fields: &Fields<'_>, common: &Common<'_>) -> Claims {
    let time = |raw: Option<&RawValue>| raw.and_then(text::string).and_then(|text| moment::parse(&text));
    Claims {
        timestamp: time(fields.timestamp),
        original: time(fields.original_timestamp),
        sent: time(fields.sent_at).or(common.sent_at),
        received: time(fields.received_at),
    }
}
