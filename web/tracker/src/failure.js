// Errors that nothing caught, and what could not be loaded: their kinds, and nothing else of them.

const ERRORS = /^(Eval|Range|Reference|Syntax|Type|URI)?Error$/;
const ELEMENTS = /^(script|link|img|iframe)$/;

/** Calls `tell` with an event and a kind. */
export const onFailure = (tell) => {
  const kind = (name, known) => (known.test(name) ? name : "other");
  const onError = (error) => tell("ui_error", kind(error?.name, ERRORS));
  const heard = ({ target, error }) => {
    const element = target?.localName;
    if (element) tell("ui_load_failed", kind(element, ELEMENTS));
    else onError(error);
  };
  addEventListener("error", heard, true);
  addEventListener("unhandledrejection", ({ reason }) => onError(reason));
};
