// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What is remembered under a label.
 */
export type RememberedSecret = "password" | "symmetricKey";
