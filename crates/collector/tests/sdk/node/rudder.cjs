// Makes the calls that it reads, one JSON object a line, with @rudderstack/rudder-sdk-node.
// Options of the client are given as JSON; it ends well when every message was delivered.
const RudderAnalytics = require("@rudderstack/rudder-sdk-node");
const { calls, done, options } = require("./driver.cjs");

const { writeKey, ...others } = options;
const client = new RudderAnalytics(writeKey, others);
let left = calls.length;
for (const { type, ...call } of calls) {
  client[type](call, (error) => {
    if (error) done(`rudder: ${error.code ?? error.message}`);
    left -= 1;
    if (left === 0) done();
  });
}
