// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * How many of several servers are needed to open.
 */
export type Needed = "one" | "all";
