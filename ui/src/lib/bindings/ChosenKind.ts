// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What a chosen file is, by its content.
 */
export type ChosenKind = "file" | "container" | "oldContainer" | "recipient" | "privateKey" | "misnamed" | "unusable";
