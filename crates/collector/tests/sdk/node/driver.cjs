// What the drivers share: the client's options, the calls to make, and how a driver ends.
const { readFileSync } = require("node:fs");

const options = JSON.parse(process.argv[2]);
const calls = readFileSync(0, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => {
    const call = JSON.parse(line);
    return call.timestamp ? { ...call, timestamp: new Date(call.timestamp) } : call;
  });

function done(fault) {
  if (fault) console.error(fault);
  process.exit(fault ? 1 : 0);
}

module.exports = { calls, done, options };
