// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Steps that a person sees.
 */
export type ProgressStep = "unlocking" | "fetching" | "verifying" | "unpacking" | "delivering" | "encrypting" | "releasing";
