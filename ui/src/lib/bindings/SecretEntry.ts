// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Where a key's secret is entered.
 */
export type SecretEntry = "typed" | "onReader" | "notNeeded";
