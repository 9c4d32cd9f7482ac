// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What keeps a key.
 */
export type IdentityKind = "card" | "token";
