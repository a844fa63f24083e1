// The tracker: what an application tells of log-ins and page views. No entry point throws, waits, or grows without bound; while
// tracking is off nothing is stored and nothing is asked of anybody.

import { config, denied, isDirect, objects } from "./consent.js";
import { onFailure } from "./failure.js";
import { add, forget, leave, schedule, sendTo } from "./queue.js";
import { compile, onMove, template } from "./route.js";
import { hold, identity, read, release, scope, setConsent, write } from "./store.js";

/** Calls that are kept until `init`, at most. */
const EARLY = 100;
/** Errors and failed loads that are told of one load of the page, at most. */
const FAILURES = 20;
/** Longest text of a property. */
const TEXT = 200;

const WAITING = 1;
const ON = 2;
const OFF = 3;

/** 0: not begun. */
let mode = 0;
let early = [];
let options;
let failures = FAILURES;
let tellsFailures;
let route;
let where;
let last;

/** Lets no error out, keeps calls that come before `init`, and drops them while tracking is off. */
const guarded =
  (act) =>
  (...details) => {
    try {
      if (!mode) early.length < EARLY && early.push([act, details]);
      else if (mode !== OFF) {
        if (!objects() && !denied(options)) return act(...details);
        stop();
      }
    } catch {}
  };

function stop() {
  mode = OFF;
  forget();
}

function start() {
  mode = ON;
  release();
  schedule(0);
}

/** Is it on? The cluster is asked, unless the application has told already, or there is none. */
function begin() {
  if (objects() || denied(options)) return stop();
  const asked = config(options);
  if (!asked) return start();
  mode = WAITING;
  hold();
  const decide = ({ tracking }) => {
    if (mode !== WAITING) return;
    if (!tracking?.enabled) return stop();
    if (tracking.errors === false) tellsFailures = false;
    start();
  };
  asked(decide);
}

const common = () => (options.version ? { environmentVersion: String(options.version) } : {});

function send(message) {
  const anonymousId = identity();
  // The first digits of a random id are as good as a draw, and the same on every page.
  if (parseInt(anonymousId.slice(0, 8), 16) / 2 ** 32 < (options.sample ?? 1)) {
    add({ ...message, anonymousId, userId: read("user") || undefined });
  }
}

function view(at) {
  route = template(at);
  send({ type: "page", name: route, properties: common() });
}

function moved() {
  if (!where) return;
  const here = where();
  if (here !== last) {
    last = here;
    viewed(here);
  }
}

const fail = guarded((event, kind) => {
  if (!tellsFailures || --failures < 0) return;
  const at = where ? template(where()) : route;
  send({ type: "track", event, properties: { ...common(), route: at || "/unknown", kind } });
});

/** Begins. What it is given stands in tracker.d.ts. */
export function init(given) {
  try {
    if (mode) return;
    options = { ...given };
    const host = String(options.host).replace(/\/+$/, "");
    options.host = host;
    scope(options.writeKey);
    compile(options.routes, options.routing);
    tellsFailures = options.errors;
    sendTo(host, options.writeKey, () => mode === ON && (!(objects() || denied(options)) || stop()), stop);
    begin();
    if (objects()) return;
    if (options.errors) onFailure(fail);
    const calls = early;
    early = [];
    for (const [act, details] of calls) guarded(act)(...details);
    if (options.routing) where = onMove(options.routing, moved);
    leave(moved);
  } catch {
    mode ||= OFF;
  }
}

/** Somebody has logged in: `false` where the id is none that may be told, and the log-in is told without it. */
export const login = guarded((userId) => {
  const id = String(userId ?? "").trim();
  const isRefused = !id || (isDirect(options.host) && id.includes("@"));
  if (read("user") && read("user") !== id) write("anonymous");
  write("user", isRefused ? null : id);
  send({ type: "identify", traits: common() });
  return !isRefused;
});

/** Somebody has logged out: whoever comes next is somebody else. */
export const logout = guarded(() => {
  schedule(0);
  write("user");
  write("anonymous");
});

const viewed = guarded(view);

/** A page is viewed: a route, a path, a location; the browser's where none is given. */
export const page = (at = globalThis.location?.href) => viewed(at);

/** Something that was declared in `init` has happened. */
export const track = guarded((event, given) => {
  const declared = options.events?.[event];
  if (!declared) return;
  const properties = common();
  for (const name of declared) {
    const value = given?.[name];
    if (/number|boolean/.test(typeof value)) properties[name] = value;
    else if (typeof value === "string") properties[name] = value.slice(0, TEXT);
  }
  send({ type: "track", event, properties });
});

/** What whoever sits there wants. It is remembered. */
export function consent(isGiven) {
  try {
    setConsent(isGiven);
    if (!mode) early = [];
    else if (!isGiven) stop();
    else if (mode === OFF) {
      begin();
      last = "";
      moved();
    }
  } catch {}
}
