// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { NameChoice } from "./NameChoice";

/**
 * How to open a container; passwords come beside this value and are wiped.
 */
export type OpenDraft = { 
/**
 * The container.
 */
container: number, 
/**
 * The key file; absent: the password itself opens it, or a key at hand.
 */
keyFile: number | null, 
/**
 * The key at hand, by its `id`, where a PIN opens it.
 */
identity: string | null, 
/**
 * The label of what is remembered, where that opens it.
 */
remembered: string | null, 
/**
 * The password shall be remembered once it has opened the container.
 */
remember: boolean, 
/**
 * The certificate of a key that comes without one, for servers.
 */
certificate: number | null, 
/**
 * Where to; absent: the proposal.
 */
destination: number | null, 
/**
 * What to do with names that exist or are not allowed here.
 */
names: NameChoice, 
/**
 * The person raised the limits for this container.
 */
raiseLimits: boolean, };
