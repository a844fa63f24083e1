// What a test lets a visitor do, in the page itself.

const patience = 15_000;

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let told = Promise.resolve();

/** Tells the test something, in this order. */
export const report = (what) => (told = told.then(() => fetch("/report", { method: "POST", body: JSON.stringify(what) })));

addEventListener("securitypolicyviolation", (event) => report({ violation: `${event.violatedDirective} ${event.blockedURI}` }));

/** Waits until this gives something. */
export async function until(what) {
  const begun = Date.now();
  for (;;) {
    const found = what();
    if (found) return found;
    if (Date.now() - begun > patience) throw new Error(`waited for ${what}`);
    await sleep(10);
  }
}

/** Clicks on what a selector finds, and lets the page view settle. */
export async function click(selector, settle = 600) {
  (await until(() => document.querySelector(selector))).click();
  await sleep(settle);
}

/** Logs in by the form. */
export async function logIn(user) {
  const form = await until(() => document.querySelector("#login"));
  form.user.value = user;
  form.password.value = "hunter2";
  form.requestSubmit();
  await sleep(350);
}

/** The test lets it go on. */
export const gate = (name) => fetch(`/gate/${name}`);

/** Waits until the tracker is there, and has begun. */
export const tracked = async () => {
  await until(() => window.heliograph?.init);
  await sleep(350);
};

/** All that is remembered of telemetry. */
export const remembered = () => Object.keys(localStorage).filter((name) => name.startsWith("heliograph"));
