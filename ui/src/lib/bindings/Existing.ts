// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What to do with files that exist at the destination.
 */
export type Existing = "refuse" | "overwrite" | "rename";
