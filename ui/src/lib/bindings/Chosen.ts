// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ChosenKind } from "./ChosenKind";
import type { ErrorView } from "./ErrorView";

/**
 * A file that the person chose.
 */
export type Chosen = { 
/**
 * Names the file in further commands.
 */
id: number, 
/**
 * Base name.
 */
name: string, 
/**
 * The folder, shortened for people (`~/Documents`).
 */
folder: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * What it is.
 */
kind: ChosenKind, 
/**
 * Why it is unusable.
 */
problem: ErrorView | null, };
