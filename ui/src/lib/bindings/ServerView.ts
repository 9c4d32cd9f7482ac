// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { PinView } from "./PinView";
import type { ServerOrigin } from "./ServerOrigin";

/**
 * A server of a list.
 */
export type ServerView = { 
/**
 * What stands in containers.
 */
id: string, 
/**
 * For people.
 */
name: string, 
/**
 * Who runs it.
 */
organisation: string, 
/**
 * Equal for servers of one organisation, however it is written: for comparing, not for people.
 */
owner: string, 
/**
 * Which list names it.
 */
origin: ServerOrigin, 
/**
 * Host and port for senders, then for recipients, each once.
 */
addresses: Array<string>, 
/**
 * Kinds of keys that it takes capsules for: `P-384`, `RSA`.
 */
algorithms: Array<string>, 
/**
 * Base URL of its key shares, as containers name it; absent: it keeps none.
 */
shares: string | null, 
/**
 * By which it is known.
 */
certificates: Array<PinView>, 
/**
 * Unix seconds when the last of them ends, if that is within 30 days.
 */
endsSoon: number | null, 
/**
 * Why it cannot be used now, in the words of its list, or in English.
 */
problem: string | null, 
/**
 * Whether that is that its list has expired.
 */
listExpired: boolean, };
