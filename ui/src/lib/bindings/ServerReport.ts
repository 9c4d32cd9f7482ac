// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { AddressReport } from "./AddressReport";
import type { ErrorView } from "./ErrorView";

/**
 * What was found at each address of a server.
 */
export type ServerReport = { 
/**
 * First that for senders.
 */
addresses: Array<AddressReport>, 
/**
 * The first thing that went wrong.
 */
problem: ErrorView | null, };
