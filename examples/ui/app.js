// A small single-page application: a log-in, a few routes with ids in them, and a button that fails.
//
// It keeps its route in the path; under `/hash/` it keeps it behind `#` instead.

import * as telemetry from "./telemetry.js";

const isHash = location.pathname.startsWith("/hash/");
const NODES = ["10.0.0.7", "10.0.0.8"];
const SERVICES = ["marathon-user-7f3a", "kafka-42"];

const route = () => (isHash ? location.hash.slice(1) || "/" : location.pathname);
const href = (path) => (isHash ? `#${path}` : path);
const link = (path, text) => `<a href="${href(path)}">${text}</a>`;
const list = (items) => `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;

const pages = [
  [/^\/$/, () => ["Overview", `<p>${NODES.length} nodes, ${SERVICES.length} services.</p><button id="fail">Fail</button> <button id="image">Load what is not there</button>`]],
  [/^\/login$/, () => ["Log in", `<form id="login"><input name="user" type="email" placeholder="e-mail" required><input name="password" type="password" placeholder="password"><button>Log in</button></form>`]],
  [/^\/nodes$/, () => ["Nodes", list(NODES.map((node) => link(`/nodes/${node}`, node)))]],
  [/^\/nodes\/([^/]+)$/, (node) => [`Node ${node}`, `<p>${node} is healthy. ${link(`/nodes/${node}?tab=logs&token=s3cret`, "Logs")}</p>`]],
  [/^\/services$/, () => ["Services", list(SERVICES.map((service) => link(`/services/${service}`, service)))]],
  [/^\/services\/([^/]+)$/, (service) => [`Service ${service}`, link(`/services/${service}/tasks/${service}.0`, "Task 0")]],
  [/^\/services\/([^/]+)\/tasks\/([^/]+)$/, (_, task) => [`Task ${task}`, "<p>It runs.</p>"]],
];

function show() {
  const [path] = route().split("?");
  const found = pages.find(([pattern]) => pattern.test(path));
  const [title, content] = found ? found[1](...path.match(found[0]).slice(1)) : ["Nothing here", `<p>${link("/", "Back")}</p>`];
  document.title = `${title} – Cluster`;
  document.querySelector("#main").innerHTML = `<h1>${title}</h1>${content}`;
  const user = sessionStorage.getItem("user");
  document.querySelector("#nav").innerHTML = ["/", "/nodes", "/services"].map((path) => link(path, path === "/" ? "overview" : path.slice(1))).join("");
  document.querySelector("#who").innerHTML = user ? '<button id="logout">Log out</button>' : link("/login", "log in");
}

function go(path) {
  if (isHash) location.hash = path;
  else history.pushState(null, "", path);
  show();
}

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a");
  if (anchor && !isHash) {
    event.preventDefault();
    go(anchor.getAttribute("href"));
  }
  if (event.target.id === "fail") setTimeout(() => null.nothing);
  if (event.target.id === "image") document.querySelector("#main").append(Object.assign(new Image(), { src: "/missing.png?node=10.0.0.7" }));
  if (event.target.id === "logout") {
    sessionStorage.removeItem("user");
    telemetry.logout();
    go("/login");
  }
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const user = new FormData(event.target).get("user");
  sessionStorage.setItem("user", user);
  telemetry.login(user);
  go("/");
});

document.querySelector("#consent").addEventListener("change", (event) => telemetry.consent(event.target.checked));
addEventListener("popstate", show);
addEventListener("hashchange", show);
show();
telemetry.start(isHash ? "hash" : "history");
