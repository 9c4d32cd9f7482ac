// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A server to be added to the person's own list.
 */
export type NewServerDraft = { 
/**
 * What stands in containers.
 */
id: string, 
/**
 * For people; absent: the identifier.
 */
name: string | null, 
/**
 * Who runs it; absent: the host.
 */
organisation: string | null, 
/**
 * `https://host:port` for senders.
 */
senderUrl: string, 
/**
 * The same for recipients.
 */
recipientUrl: string, };
