// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";

/**
 * A certificate file for a key that comes without one.
 */
export type KeyCertificateView = { 
/**
 * Names the file in further commands.
 */
id: number, 
/**
 * Base name.
 */
name: string, 
/**
 * Why it cannot be used: no certificate, or for no key that the container asks for.
 */
problem: ErrorView | null, };
