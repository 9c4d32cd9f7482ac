// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A recipient whose kind of key some chosen servers do not take.
 */
export type LeftOut = { 
/**
 * The recipient's name.
 */
recipient: string, 
/**
 * Names of those servers.
 */
servers: Array<string>, };
