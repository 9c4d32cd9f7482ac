// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Steps on the way to a server.
 */
export type ServerStep = "resolve" | "connect" | "tls" | "pin" | "hostName" | "validity" | "ocsp" | "api";
