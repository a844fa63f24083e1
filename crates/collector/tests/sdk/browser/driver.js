// Makes calls with @segment/analytics-next, as /setup.json says for each time that the page is loaded.

const report = (text) => fetch("/report", { method: "POST", body: text });
addEventListener("securitypolicyviolation", (event) => report(`fault: blocked ${event.blockedURI}`));
addEventListener("error", (event) => report(`fault: ${event.message}`));
addEventListener("unhandledrejection", (event) => report(`fault: ${event.reason}`));

const { writeKey, collector, loads } = await (await fetch("/setup.json")).json();
const number = Number(sessionStorage.getItem("loads") ?? 0);
sessionStorage.setItem("loads", number + 1);
const { options, calls, together, paced, then } = loads[number];
const browser = AnalyticsNext.AnalyticsBrowser.load(
  { writeKey, cdnURL: collector },
  { integrations: { "Segment.io": options } },
);
const [analytics] = await browser;

function make({ type, event, name, userId, groupId, previousId, properties, traits, ...options }) {
  switch (type) {
    case "track":
      return analytics.track(event, properties, options);
    case "identify":
      return analytics.identify(userId, traits, options);
    case "group":
      return analytics.group(groupId, traits, options);
    case "alias":
      return analytics.alias(userId, previousId, options);
    default:
      return analytics[type](name, properties, options);
  }
}

for (let made = 0; made < calls.length; made += together) {
  // A call is settled after its first attempt, whatever came of it. What failed waits for its next.
  await Promise.all(calls.slice(made, made + together).map(make));
  // This gate opens when all are delivered.
  if (paced) await fetch(`/gate/${made + together}`);
}
if (then === "reload") location.reload();
if (then === "leave") location.href = "/gone.html";
