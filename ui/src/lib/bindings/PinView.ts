// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A certificate by which a server is known.
 */
export type PinView = { 
/**
 * SHA-256 in hex.
 */
fingerprint: string, 
/**
 * Unix seconds.
 */
validFrom: number, 
/**
 * Unix seconds.
 */
validUntil: number, };
