// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";
import type { IdentityView } from "./IdentityView";
import type { ModuleStateView } from "./ModuleStateView";
import type { ReaderStateView } from "./ReaderStateView";

/**
 * The keys at hand, told without asking for a secret.
 */
export type KeysView = { 
/**
 * Every key that can be used, or could be but for its secret.
 */
identities: Array<IdentityView>, 
/**
 * Every reader, in the order of the system.
 */
readers: Array<ReaderStateView>, 
/**
 * PKCS#11 modules that are asked.
 */
modules: Array<ModuleStateView>, 
/**
 * Why no reader can be asked.
 */
problem: ErrorView | null, 
/**
 * Whether the system has been asked yet.
 */
isKnown: boolean, };
