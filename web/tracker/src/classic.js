// The classic script: `heliograph` on the window. What was pushed to an array of that name before it came is called now.

import { consent, init, login, logout, page, track } from "./tracker.js";

const before = window.heliograph;
const push = (...calls) => {
  for (const call of calls) {
    try {
      const [name, ...details] = call;
      heliograph[name](...details);
    } catch {}
  }
};
const heliograph = (window.heliograph = { consent, init, login, logout, page, track, push });
if (Array.isArray(before)) push(...before);
