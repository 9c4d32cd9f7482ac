// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ProxyKind } from "./ProxyKind";

/**
 * How the network shall be used; the password comes beside it.
 */
export type NetworkDraft = { 
/**
 * The way out of the network.
 */
proxy: ProxyKind, 
/**
 * `http://host:port` of a given proxy, else ignored.
 */
address: string, 
/**
 * The name for the proxy, empty for none.
 */
user: string, };
