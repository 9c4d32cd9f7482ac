// Generated from crates/app/src/view.rs by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Steps that a person sees.
 */
export type ProgressStep = "unlocking" | "verifying" | "unpacking" | "encrypting" | "releasing";
