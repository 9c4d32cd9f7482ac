// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A recipient whose key is split over servers.
 */
export type ShareView = { 
/**
 * The recipient's name or code.
 */
recipient: string, 
/**
 * Names of the servers, all of which are needed.
 */
servers: Array<string>, 
/**
 * Names of chosen servers that get no share: they keep none, or their organisation has one already.
 */
leftOut: Array<string>, };
