// Makes the calls that it reads, one JSON object a line, with @segment/analytics-node.
// Options of the client are given as JSON; it ends well when every message was delivered.
const { Analytics } = require("@segment/analytics-node");
const { calls, done, options } = require("./driver.cjs");

const analytics = new Analytics(options);
analytics.on("error", (error) => done(`analytics-node: ${error.code}: ${error.reason}`));
for (const { type, ...call } of calls) {
  analytics[type](call);
}
analytics.closeAndFlush({ timeout: 300_000 }).then(() => done());
