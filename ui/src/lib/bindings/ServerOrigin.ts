// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Which list names a server.
 */
export type ServerOrigin = "shipped" | "system" | "own" | "given";
