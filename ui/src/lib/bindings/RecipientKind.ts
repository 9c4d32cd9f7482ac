// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What kind of key a recipient has.
 */
export type RecipientKind = "idCard" | "digiId" | "eResident" | "organisation" | "certificate" | "publicKey" | "secret" | "password" | "shares" | "unknown";
