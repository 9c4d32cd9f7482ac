// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { DeceitKind } from "./DeceitKind";

/**
 * A server that did what no honest one does, while another opened the container.
 */
export type DeceitView = { 
/**
 * Which server, as its list or the container has it.
 */
server: string, 
/**
 * For people; the identifier where no list has it.
 */
name: string, 
/**
 * Who runs it, where a list says so.
 */
organisation: string | null, 
/**
 * What it did.
 */
kind: DeceitKind, };
