// What waits to be sent, and how it is. A message stays until it is acknowledged, over reloads and from tab to tab; it keeps its
// id, by which whoever gets it twice knows it.

import { quiet } from "./consent.js";
import { names, random, read, wipe, write } from "./store.js";

/** Messages that wait, at most: the oldest are dropped. */
const MESSAGES = 500;
/** How long one waits, at most, in milliseconds. */
const AGE = 3 * 24 * 3600e3;
/** Bytes of a request, and of one message. Browsers let 64 KB at once be under way while a page is left. */
const REQUEST = 30e3;
const MESSAGE = 8e3;
/** How long messages gather, in milliseconds, and how many are sent at once. */
const GATHER = 2000;
const MANY = 20;
/** How long an answer may take; pauses after failures, the first and the longest; the longest that is obeyed. */
const ANSWER = 20e3;
const PAUSE = 1000;
const LONGEST = 600e3;
const OBEYED = 3600e3;

const LIBRARY = { name: "heliograph-tracker", version: VERSION };

let host;
let key;
let mayRun;
let onOff;
let timer;
let underWay = new Set();

export const sendTo = (...given) => {
  [host, key, mayRun, onOff] = given;
};

/** How long it must not send, in milliseconds, and how often it has failed before. */
const paused = () => {
  const [time, failures] = (read("later") || "0 0").split(" ");
  return [Math.min(time - Date.now(), OBEYED), +failures];
};

/** Sends in a while, but not before it may. */
export const schedule = (pause) => {
  clearTimeout(timer);
  timer = setTimeout(post, Math.max(pause, paused()[0]));
};

export const add = (message) => {
  const now = Date.now();
  const messageId = now.toString(36) + "-" + random();
  const text = JSON.stringify({ ...message, messageId, timestamp: new Date(now).toISOString(), context: { library: LIBRARY } });
  if (text.length > MESSAGE) return;
  write(`m.${messageId}`, text);
  const waiting = names("m.");
  waiting.slice(0, -MESSAGES).forEach((name) => write(name));
  if (mayRun()) schedule(waiting.length < MANY ? GATHER : 0);
};

export const forget = () => {
  clearTimeout(timer);
  wipe();
};

const bytes = (text) => new Blob([text]).size;

/** The oldest messages that go into one request. */
const take = () => {
  let room = REQUEST;
  const taken = [];
  for (const name of names("m.")) {
    const text = read(name);
    const age = Date.now() - parseInt(name.slice(2), 36);
    if (!text || !(age < AGE)) write(name);
    else if (!underWay.has(name) && (room -= bytes(text) + 1) > 0) taken.push([name, text]);
  }
  return taken;
};

const post = async () => {
  const taken = mayRun() ? take() : [];
  if (!taken.length) return;
  const sent = taken.map(([name]) => name);
  sent.forEach((name) => underWay.add(name));
  const [, failures] = paused();
  let wait;
  try {
    const head = JSON.stringify({ writeKey: key, sentAt: new Date().toISOString() }).slice(0, -1);
    const body = `${head},"batch":[${taken.map(([, text]) => text)}]}`;
    const signal = AbortSignal.timeout?.(ANSWER);
    const answer = await fetch(`${host}/v1/batch`, { method: "POST", body, keepalive: true, signal, ...quiet });
    const { status } = answer;
    // Telemetry is off.
    if (status === 204) return onOff();
    // What has a page for every path answers 200 to everything.
    const isTaken = answer.ok && /json/.test(answer.headers.get("content-type"));
    if (isTaken || /400|413|422/.test(status)) {
      sent.forEach((name) => write(name));
      write("later");
      return schedule(0);
    }
    wait = parseInt(answer.headers.get("retry-after")) * 1000;
  } catch {
  } finally {
    sent.forEach((name) => underWay.delete(name));
  }
  const pause = Math.random() * Math.min(LONGEST, PAUSE * 2 ** failures) + PAUSE / 2;
  // Whoever has said no meanwhile finds nothing stored.
  if (mayRun()) write("later", `${Math.round(Date.now() + Math.min(OBEYED, Math.max(wait || 0, pause)))} ${failures + 1}`);
  schedule(0);
};

/** When the page is left or hidden, what waits goes out at once: whether it was taken is known when the next one is opened. */
export const leave = (first) => {
  const go = () => {
    try {
      first();
      if (paused()[0] <= 0) post();
    } catch {}
  };
  addEventListener("pagehide", go);
  document.addEventListener("visibilitychange", () => document.hidden && go());
};
