// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * How far a server is.
 */
export type ServerState = "asked" | "answered" | "failed";
