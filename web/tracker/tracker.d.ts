/** Log-ins and page views of a web interface, without personal data. No function throws or waits, before `init` or after it. */

/** What `init` is told. */
export interface Options {
  /**
   * Where messages go: the path of the cluster's relay on the page's own origin (`/telemetry`), or the URL of a collector
   * (`https://collector.example`). `/v1/batch` is added to it.
   */
  host: string;
  /** A key of the kind `ui` of a collector. The relay has its own, and needs none. */
  writeKey?: string;
  /** The version of the product that the interface is part of. The relay states the cluster's instead. */
  version?: string;
  /**
   * The templates of the interface's routes: `/nodes/:id`, `/docs/*`. The first one that fits a path stands for it; a path that none
   * fits is told as `/unknown`.
   */
  routes: readonly string[];
  /** Tells page views by itself, as the address changes: by path (`history`), or by what stands behind `#`. */
  routing?: "history" | "hash";
  /** The application's own events, by name, and the properties that each may have. Others are not sent. */
  events?: Readonly<Record<string, readonly string[]>>;
  /** Tells uncaught errors and failed loads, by route and kind; default: no. */
  errors?: boolean;
  /** The share of browsers that tell anything, from 0 to 1; default: all. The same browsers on every page. */
  sample?: number;
  /** Nothing is told until `consent(true)`; default: until `consent(false)`. */
  askFirst?: boolean;
  /**
   * Whether the cluster wants it: a document `{"tracking": {"enabled": true}}`, its URL, or `false` where nobody is to be asked.
   * Default: `ui-config` of the relay; nobody, where `host` is of another origin.
   */
  config?: string | UiConfig | false;
}

/** What a cluster says of tracking. Only `enabled: true` is on. */
export interface UiConfig {
  tracking?: {
    enabled: boolean;
    /** `false`: no errors and failed loads, whatever the application wants. */
    errors?: boolean;
  };
}

/** The value of a property of an event. Texts are cut after 200 characters; anything else is left out. */
export type Value = string | number | boolean;

/** Begins, once. Calls that came before it are made then, 100 at most. */
export function init(options: Options): void;

/**
 * Somebody has logged in: to be called at each log-in, not at each page. The browser remembers the id until `logout`.
 *
 * The relay hashes ids before anything leaves the cluster. Where `host` is of another origin the id must be opaque already: one that
 * is empty or holds an `@` is refused; then the log-in is told without it.
 *
 * @returns `false` where the id was refused, `undefined` where nothing is told, or nothing yet.
 */
export function login(userId: string | number): boolean | undefined;

/** Somebody has logged out. What comes next is of somebody else: with another random id. */
export function logout(): void;

/** A page is viewed: a route, a path, or a location; the browser's own by default. Not needed with `routing`. */
export function page(where?: string | URL | Location): void;

/** One of the `events` has happened. */
export function track(event: string, properties?: Readonly<Record<string, unknown>>): void;

/**
 * What whoever sits there wants. It is remembered on this origin. `false` deletes what is stored and not sent yet, and nothing is
 * stored or sent from then on, in other tabs neither. A browser's Global Privacy Control or Do Not Track is stronger than `true`.
 */
export function consent(isGiven: boolean): void;
