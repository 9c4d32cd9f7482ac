// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { DeceitView } from "./DeceitView";
import type { OutputView } from "./OutputView";
import type { RecipientView } from "./RecipientView";
import type { ShareView } from "./ShareView";

/**
 * A written container.
 */
export type EncryptionDone = { 
/**
 * The container.
 */
output: OutputView, 
/**
 * Its bytes.
 */
size: number, 
/**
 * Number of files in it.
 */
files: number, 
/**
 * Bytes of the files in it.
 */
contentSize: number, 
/**
 * Who can open it.
 */
recipients: Array<RecipientView>, 
/**
 * Names of the servers that keep capsules of it, one of which is enough to open.
 */
servers: Array<string>, 
/**
 * Recipients whose keys are split over servers.
 */
shares: Array<ShareView>, 
/**
 * Until when they keep them, the earliest of them; unix seconds.
 */
keptUntil: number | null, 
/**
 * Until when somebody can open it, in unix seconds; none when somebody always can.
 */
opensUntil: number | null, 
/**
 * Servers that deceived while the container that was encrypted again was opened.
 */
deceits: Array<DeceitView>, };
