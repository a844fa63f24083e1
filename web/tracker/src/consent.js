// Who says no: the browser, whoever sits before it, the cluster.

import { getConsent } from "./store.js";

/** How often the cluster is asked, at most, and how long to wait after the first failure. */
const TRIES = 10;
const PAUSE = 1000;

/** Global Privacy Control and Do Not Track. */
export const objects = () => {
  const { globalPrivacyControl, doNotTrack } = navigator;
  return globalPrivacyControl === true || /^(1|yes)$/.test(doNotTrack ?? window.doNotTrack);
};

/** Whoever sits there said no, or has not said yes where that is needed. */
export const denied = ({ askFirst }) => {
  const said = getConsent();
  return said === "no" || (askFirst && said !== "yes");
};

/** Whether the host is of another origin than the page: a collector, and no relay that hashes ids. */
export const isDirect = (host) => new URL(host, location).origin !== location.origin;

/** How requests are made: nothing of the page goes with them, nothing is followed to another place. */
export const quiet = { referrerPolicy: "no-referrer", redirect: "error", cache: "no-store" };

/** What asks the cluster and hands on what it says of tracking; nothing, where nobody is to be asked. */
export const config = ({ host, config: stated }) => {
  if (stated === false || (stated === undefined && isDirect(host))) return;
  if (stated && typeof stated !== "string") return (decide) => decide(stated);
  return (decide) => {
    const ask = async (tries) => {
      try {
        const answer = await fetch(stated ?? `${host}/ui-config`, quiet);
        if (answer.ok) return decide(await answer.json());
      } catch {}
      if (tries < TRIES) setTimeout(ask, Math.random() * PAUSE * 2 ** tries + PAUSE, tries + 1);
    };
    ask(1);
  };
};
