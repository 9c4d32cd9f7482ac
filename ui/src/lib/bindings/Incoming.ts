// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { Chosen } from "./Chosen";
import type { Position } from "./Position";

/**
 * Files that arrived by a dialog, a drop, a double-click or a second launch.
 */
export type Incoming = { 
/**
 * The files, folders already replaced by the files in them.
 */
files: Array<Chosen>, 
/**
 * Links inside chosen folders, which are not followed.
 */
linksLeftOut: number, 
/**
 * Where they were dropped, in CSS pixels of the window; absent for other ways.
 */
position: Position | null, };
