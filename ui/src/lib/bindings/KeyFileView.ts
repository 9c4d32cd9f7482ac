// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";

/**
 * A key file that the person chose.
 */
export type KeyFileView = { 
/**
 * Names the key in further commands.
 */
id: number, 
/**
 * Base name.
 */
name: string, 
/**
 * Whether a password protects it.
 */
needsPassword: boolean, 
/**
 * A server holds the capsule and wants a certificate, which the file has not. False when unknown until its password is given.
 */
needsCertificate: boolean, 
/**
 * Positions of the records it opens; empty when unknown until its password is given.
 */
fits: Array<number>, 
/**
 * Why it cannot be used.
 */
problem: ErrorView | null, };
