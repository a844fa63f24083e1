// All that the application has to do with telemetry: where it goes, which routes there are, and who logs in and out.
//
// The script is loaded when the page is there, so that not even its `load` event waits. Where it is blocked, the calls go nowhere.

const ROUTES = ["/", "/login", "/nodes", "/nodes/:id", "/services", "/services/:id", "/services/:id/tasks/:task"];

const loaded = new Promise((resolve) => (document.readyState === "complete" ? resolve() : addEventListener("load", resolve)));

/** `settings.json`: `{"script": URL, "integrity": hash, "init": {…}}` */
export async function start(routing) {
  const answer = await fetch("/settings.json");
  if (!answer.ok) return;
  const { script, integrity, init } = await answer.json();
  const element = document.createElement("script");
  element.src = script;
  element.referrerPolicy = "no-referrer";
  if (integrity) {
    element.integrity = integrity;
    element.crossOrigin = "anonymous";
  }
  await loaded;
  element.onload = () => window.heliograph?.init({ routes: ROUTES, routing, ...init });
  document.head.append(element);
}

export const login = (user) => window.heliograph?.login(user);
export const logout = () => window.heliograph?.logout();
export const consent = (isGiven) => window.heliograph?.consent(isGiven);
