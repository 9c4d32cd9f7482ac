// Generated from crates/app/src/view.rs by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { OutputView } from "./OutputView";
import type { RecipientView } from "./RecipientView";

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
recipients: Array<RecipientView>, };
