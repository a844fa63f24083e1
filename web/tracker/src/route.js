// Where somebody is, as a template: `/nodes/:id`. A raw path goes no further than this file.

/** What stands for a page that no template fits. */
const UNKNOWN = "/unknown";
/** How long an address must stand before it counts as a page, in milliseconds. */
const SETTLED = 200;

let routes = [];
let isHash;

const parts = (path) => path.split("/").filter(Boolean);

export const compile = (templates, routing) => {
  // As browsers write paths.
  routes = (templates || []).map((text) => [text, parts(encodeURI(text))]);
  isHash = routing === "hash";
};

/** The path of an address, without what stands before and behind it. */
const pathOf = (where) => {
  const at = where?.href ?? where;
  const { pathname, hash } = new URL(at, location);
  // A path alone is a route, whatever routes are made of.
  const isRoute = !isHash || /^\/[^#]*$/.test(at);
  return isRoute ? pathname : hash.replace(/^#!?|\?.*/g, "");
};

const fits = (template, path) =>
  template.every((part, at) => part === "*" || (part[0] === ":" ? path[at] : part === path[at])) &&
  (!path[template.length] || template.at(-1) === "*");

/** The template that fits an address, a path or a location. */
export const template = (at) => {
  const path = parts(pathOf(at));
  return (routes.find(([, template]) => fits(template, path)) || [UNKNOWN])[0];
};

/** Calls `moved` now, and each time that the address has changed and come to rest; returns what says where one is. */
export const onMove = (routing, moved) => {
  let timer;
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(moved, SETTLED);
  };
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function () {
      const result = original.apply(this, arguments);
      settle();
      return result;
    };
  }
  addEventListener("popstate", settle);
  addEventListener("hashchange", settle);
  settle();
  return () => pathOf(location);
};
