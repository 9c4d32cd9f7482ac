// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { PinView } from "./PinView";

/**
 * A certificate that a server shows now and that is not in the list: for a person to compare.
 */
export type ShownCertificate = { 
/**
 * Host and port where it was shown.
 */
address: string, 
/**
 * The certificate.
 */
certificate: PinView, };
