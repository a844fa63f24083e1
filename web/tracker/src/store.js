// What is remembered between pages: in localStorage where there is one, else for as long as the page lives.
//
// heliograph.consent            "yes" or "no", for the whole origin
// heliograph.KEY.anonymous      the random id of this browser
// heliograph.KEY.user           who is logged in
// heliograph.KEY.later          when to try again, after how many failures: "time count"
// heliograph.KEY.m.ID           a message that was not acknowledged yet; one each, so that tabs do not overwrite each other's

const ALL = "heliograph.";
const CONSENT = `${ALL}consent`;

let prefix = ALL;
/** What could not be stored, or may not be yet. */
let memory = {};
let isHeld = false;

/** Applications with another key on the same origin have their own. */
export const scope = (key) => {
  prefix = `${ALL}${key || ""}.`;
};

const get = (name) => {
  try {
    return memory[name] ?? localStorage.getItem(name);
  } catch {
    return null;
  }
};

const put = (name, value, atOnce = !isHeld) => {
  try {
    delete memory[name];
    if (value == null) return localStorage.removeItem(name);
    if (atOnce) return localStorage.setItem(name, value);
  } catch {}
  if (value != null) memory[name] = value;
};

export const read = (name) => get(prefix + name);
export const write = (name, value) => put(prefix + name, value);

/** The names that begin so, in their order. */
export const names = (start) => {
  let all = memory;
  try {
    all = { ...localStorage, ...memory };
  } catch {}
  return Object.keys(all)
    .filter((name) => name.startsWith(prefix + start))
    .map((name) => name.slice(prefix.length))
    .sort();
};

/** From now on nothing is stored. */
export const hold = () => {
  isHeld = true;
};

/** What was held back is stored, and what comes. */
export const release = () => {
  isHeld = false;
  for (const name in memory) put(name, memory[name]);
};

/** Nothing is left. */
export const wipe = () => {
  for (const name of names("")) write(name);
};

export const getConsent = () => get(CONSENT);
/** Stored at once, whatever is held back. */
export const setConsent = (isGiven) => put(CONSENT, isGiven ? "yes" : "no", true);

/** A random id of 32 hexadecimal digits. */
export const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join("");

/** That of this browser. */
export const identity = () => {
  let id = read("anonymous");
  if (!id) write("anonymous", (id = random()));
  return id;
};
