// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";
import type { ModuleFault } from "./ModuleFault";

/**
 * A PKCS#11 module, and what it sees.
 */
export type ModuleStateView = { 
/**
 * Its file's name.
 */
name: string, 
/**
 * Its folder, shortened for reading.
 */
folder: string, 
/**
 * The person has chosen it; others are known to the program.
 */
isChosen: boolean, 
/**
 * It is being asked.
 */
isBusy: boolean, 
/**
 * The keys on its tokens, by their `id`.
 */
identities: Array<string>, 
/**
 * Why it cannot be used.
 */
problem: ErrorView | null, 
/**
 * What of that is the module's own doing.
 */
fault: ModuleFault | null, };
