// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What is needed to open a record with this version.
 */
export type OpensWith = "password" | "keyFile" | "secretFile" | "shares" | "nothing";
