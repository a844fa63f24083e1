// Errors that nothing caught, and what could not be loaded: their kinds, and nothing else of them.

const ERRORS = /^(Eval|Range|Reference|Syntax|Type|URI)?Error$/;
const ELEMENTS = /^(script|link|img|iframe)$/;

/** The kind that a name is of. What was thrown may throw when it is looked at. */
const kind = (named, known) => {
  try {
    const name = named();
    return known.test(name) ? name : "other";
  } catch {
    return "other";
  }
};

/** Calls `tell` with an event and a kind. */
export const onFailure = (tell) => {
  const onError = (error) => tell("ui_error", kind(() => error?.name, ERRORS));
  const heard = ({ target, error }) => {
    const element = target?.localName;
    if (element) tell("ui_load_failed", kind(() => element, ELEMENTS));
    else onError(error);
  };
  addEventListener("error", heard, true);
  addEventListener("unhandledrejection", ({ reason }) => onError(reason));
};
