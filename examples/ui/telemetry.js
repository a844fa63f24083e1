// All that the application has to do with telemetry: where it goes, which routes there are, and who logs in and out.
//
// The script is loaded beside the application, and nothing waits for it. Where it is blocked, the calls go nowhere.

const ROUTES = ["/", "/login", "/nodes", "/nodes/:id", "/services", "/services/:id", "/services/:id/tasks/:task"];

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
  element.onload = () => window.heliograph?.init({ routes: ROUTES, routing, ...init });
  document.head.append(element);
}

export const login = (user) => window.heliograph?.login(user);
export const logout = () => window.heliograph?.logout();
export const consent = (isGiven) => window.heliograph?.consent(isGiven);
