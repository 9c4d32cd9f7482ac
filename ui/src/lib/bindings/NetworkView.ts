// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";
import type { ProxyKind } from "./ProxyKind";

/**
 * How the network is used.
 */
export type NetworkView = { 
/**
 * The way out of the network.
 */
proxy: ProxyKind, 
/**
 * `http://host:port` of a given proxy, else empty.
 */
address: string, 
/**
 * The name for the proxy, else empty.
 */
user: string, 
/**
 * Whether the system's keyring holds a password for it.
 */
hasPassword: boolean, 
/**
 * The administrator has decided about it for those who decide nothing themselves.
 */
byAdministrator: boolean, 
/**
 * A mistake in the settings of the network. No server is used until it is mended.
 */
problem: ErrorView | null, };
