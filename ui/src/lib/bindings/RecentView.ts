// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A container used before.
 */
export type RecentView = { 
/**
 * Names the container in further commands.
 */
id: number, 
/**
 * Base name.
 */
name: string, 
/**
 * The folder, shortened for people.
 */
folder: string, 
/**
 * Whether it was encrypted here (else opened).
 */
encrypted: boolean, 
/**
 * For whom it is, in short.
 */
recipients: Array<string>, 
/**
 * When, in unix seconds.
 */
at: number, 
/**
 * Until when servers keep what somebody needs to open it, in unix seconds; none when somebody always can.
 */
until: number | null, };
