// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";
import type { ServerView } from "./ServerView";

/**
 * The servers of all lists.
 */
export type ServersView = { 
/**
 * The preferred ones first.
 */
servers: Array<ServerView>, 
/**
 * Identifiers of those that new capsules go to unless the person chooses others; none: inside the file.
 */
chosen: Array<string>, 
/**
 * A mistake in a list. No server is used until it is mended.
 */
problem: ErrorView | null, };
