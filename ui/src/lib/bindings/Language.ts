// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Languages of the program.
 */
export type Language = "et" | "en" | "ru";
