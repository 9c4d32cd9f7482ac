// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What a test of a reader looks at.
 */
export type CardStep = "service" | "card" | "application" | "holder" | "certificate" | "pin";
