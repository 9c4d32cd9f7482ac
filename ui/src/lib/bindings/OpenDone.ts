// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { DeceitView } from "./DeceitView";
import type { ErrorView } from "./ErrorView";
import type { OutputView } from "./OutputView";
import type { SavedFile } from "./SavedFile";

/**
 * What was saved.
 */
export type OpenDone = { 
/**
 * The folder.
 */
destination: OutputView, 
/**
 * The files in it, at most the first 1000.
 */
files: Array<SavedFile>, 
/**
 * Number of files in all.
 */
count: number, 
/**
 * Bytes of all files.
 */
totalSize: number, 
/**
 * Servers that deceived while others opened it.
 */
deceits: Array<DeceitView>, 
/**
 * Why its password was not remembered, where it was to be.
 */
notRemembered: ErrorView | null, };
