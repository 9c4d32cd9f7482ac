// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Appearance of the window.
 */
export type Appearance = "system" | "light" | "dark";
