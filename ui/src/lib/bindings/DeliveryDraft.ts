// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { Needed } from "./Needed";

/**
 * Where capsules shall go.
 */
export type DeliveryDraft = { 
/**
 * Identifiers of servers, each of which gets the capsule of each recipient; none: inside the file.
 */
servers: Array<string>, 
/**
 * For how many days at most; absent: as long as certificate and server allow.
 */
days: number | null, 
/**
 * How many of the servers are needed to open.
 */
needed: Needed, };
