// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * The way out of the network.
 */
export type ProxyKind = "system" | "given" | "none";
