// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { DeliveryView } from "./DeliveryView";
import type { ErrorView } from "./ErrorView";
import type { OutputView } from "./OutputView";
import type { PlanWarning } from "./PlanWarning";
import type { PlannedFile } from "./PlannedFile";
import type { RecipientView } from "./RecipientView";

/**
 * What would be encrypted, and what stands in the way.
 */
export type EncryptionPlan = { 
/**
 * Each file of the draft, in order.
 */
files: Array<PlannedFile>, 
/**
 * Bytes of all files.
 */
totalSize: number, 
/**
 * The recipients, a password among them.
 */
recipients: Array<RecipientView>, 
/**
 * Where their capsules would go; absent: inside the file.
 */
delivery: DeliveryView | null, 
/**
 * Where to.
 */
output: OutputView, 
/**
 * What hinders as a whole (no files, no recipients, too large).
 */
blockers: Array<ErrorView>, 
/**
 * What the person should know (more than 1000 files: older programs refuse).
 */
warnings: Array<PlanWarning>, };
