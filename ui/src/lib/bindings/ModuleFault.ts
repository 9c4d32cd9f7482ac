// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What is wrong with a PKCS#11 module.
 */
export type ModuleFault = "notLoaded" | "crashed" | "silent" | "failing";
