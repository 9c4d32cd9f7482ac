//! Making a record for each recipient: wrapping the file master key so that only the recipient can unwrap it.

use zeroize::Zeroizing;

use crate::{
    Error, Result,
    error::{FetchError, Refusal},
    header::{Capsule, KeyShare, NewRecord, ServerCapsule, SharesCapsule},
    key::{Fmk, Kek, PASSWORD_ITERATIONS, Password, PublicKey, SALT_LENGTH, SymmetricKey, ephemeral_agreement, random},
    label::{Label, LabelKind},
};

/// Longest key label in bytes that is written; the format has no limit of its own below the header's.
const MAX_LABEL: usize = 4096;

/// Somebody who shall be able to open a container. The label stands readable in the header; see [`Label`](crate::Label).
#[derive(Debug)]
pub struct Recipient {
    label: String,
    method: Method,
}

#[derive(Debug)]
enum Method {
    PublicKey(PublicKey),
    SymmetricKey(SymmetricKey),
    Password(Password),
    Server { key: PublicKey, server_id: String },
    Shares { recipient_id: String, servers: Vec<String> },
}

impl Recipient {
    /// By public key, with the capsule inside the container.
    pub fn public_key(key: PublicKey, label: impl Into<String>) -> Self {
        Self { label: label.into(), method: Method::PublicKey(key) }
    }

    /// By a symmetric key of at least 32 bytes.
    pub fn symmetric_key(key: SymmetricKey, label: impl Into<String>) -> Self {
        Self { label: label.into(), method: Method::SymmetricKey(key) }
    }

    /// By a password (PBKDF2-HMAC-SHA-256, 600 000 iterations).
    pub fn password(password: Password, label: impl Into<String>) -> Self {
        Self { label: label.into(), method: Method::Password(password) }
    }

    /// By public key, with the capsule on the server `server_id`; needs a [`Delivery`].
    pub fn server(key: PublicKey, server_id: impl Into<String>, label: impl Into<String>) -> Self {
        Self { label: label.into(), method: Method::Server { key, server_id: server_id.into() } }
    }

    /// By a key in shares, one on each of `servers` (base URLs), all of which are needed to open; needs a [`Delivery`].
    ///
    /// `recipient_id` is an ETSI identifier such as `etsi/PNOEE-48010010101`.
    pub fn shares(recipient_id: impl Into<String>, servers: Vec<String>, label: impl Into<String>) -> Self {
        Self { label: label.into(), method: Method::Shares { recipient_id: recipient_id.into(), servers } }
    }

    fn needs_delivery(&self) -> bool {
        matches!(self.method, Method::Server { .. } | Method::Shares { .. })
    }
}

/// A capsule on its way to a server.
#[derive(Debug)]
pub struct OutgoingCapsule {
    /// The server's identifier in the list.
    pub server_id: String,
    /// For whom.
    pub recipient: PublicKey,
    /// EC: the sender's uncompressed point; RSA: the encrypted KEK.
    pub key_material: Vec<u8>,
}

/// A key share on its way to a server.
pub struct OutgoingShare {
    /// The server's base URL, as it stands in the container.
    pub server_base_url: String,
    /// For whom, an ETSI identifier.
    pub recipient_id: String,
    /// 32 bytes.
    pub share: Zeroizing<Vec<u8>>,
}

/// Brings capsules and shares to servers before the container is written.
pub trait Delivery: Send + Sync {
    /// Uploads all capsules; a transaction id for each, in their order. All or an error.
    ///
    /// # Errors
    /// Whatever the delivery says; nothing is encrypted then.
    fn deliver_capsules(&self, capsules: &[OutgoingCapsule]) -> Result<Vec<String>, FetchError>;

    /// Uploads all shares; a share id for each, in their order. All or an error.
    ///
    /// # Errors
    /// Whatever the delivery says; nothing is encrypted then.
    fn deliver_shares(&self, shares: &[OutgoingShare]) -> Result<Vec<String>, FetchError>;

    /// Until when the server keeps a capsule that was delivered, in unix seconds, when it said so; the label of its record will tell it.
    fn kept_until(&self, _transaction_id: &str) -> Option<i64> {
        None
    }
}

/// Makes the records of a header, in the order of `recipients`.
pub(crate) fn seal(fmk: &Fmk, recipients: &[Recipient], delivery: Option<&dyn Delivery>) -> Result<Vec<NewRecord>> {
    if recipients.is_empty() {
        return Err(Error::Refused(Refusal::NoRecipients));
    }
    if recipients.iter().any(|recipient| recipient.label.len() > MAX_LABEL) {
        return Err(Error::Refused(Refusal::LabelTooLong));
    }
    if delivery.is_none() && recipients.iter().any(Recipient::needs_delivery) {
        return Err(Error::Deliver("a recipient by server needs a connection to servers".into()));
    }
    let mut outgoing = Outgoing::default();
    let mut sealed =
        recipients.iter().map(|recipient| sealed(fmk, recipient, &mut outgoing)).collect::<Result<Vec<_>>>()?;
    if let Some(delivery) = delivery {
        outgoing.deliver(delivery, &mut sealed)?;
    }
    Ok(sealed)
}

/// What has to reach servers, and in which record its identifier belongs.
#[derive(Default)]
struct Outgoing {
    capsules: Vec<OutgoingCapsule>,
    shares: Vec<OutgoingShare>,
}

impl Outgoing {
    fn deliver(self, delivery: &dyn Delivery, records: &mut [NewRecord]) -> Result<()> {
        let mut transactions = delivered(&self.capsules, |capsules| delivery.deliver_capsules(capsules))?;
        let mut share_ids = delivered(&self.shares, |shares| delivery.deliver_shares(shares))?;
        for record in records {
            match &mut record.capsule {
                Capsule::Server(capsule) => {
                    capsule.transaction_id = transactions.next().expect("one for each capsule");
                    if let Some(until) = delivery.kept_until(&capsule.transaction_id) {
                        record.label = with_expiry(&record.label, until);
                    }
                }
                Capsule::Shares(capsule) => {
                    for share in &mut capsule.shares {
                        share.share_id = share_ids.next().expect("one for each share");
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The label with the expiry, where the format has a place for it (CDOC2, "Key label recommendations"): for a certificate.
fn with_expiry(label: &str, until: i64) -> String {
    let parsed = Label::parse(label);
    match parsed.kind() {
        LabelKind::IdCard | LabelKind::DigiId | LabelKind::DigiIdEResident | LabelKind::Certificate => {
            parsed.with_server_expiry(until).to_string()
        }
        _ => label.to_owned(),
    }
}

fn delivered<T>(
    items: &[T],
    deliver: impl FnOnce(&[T]) -> Result<Vec<String>, FetchError>,
) -> Result<impl Iterator<Item = String>> {
    let ids = if items.is_empty() { Vec::new() } else { deliver(items).map_err(Error::Deliver)? };
    if ids.len() != items.len() {
        return Err(Error::Deliver("the delivery gave another number of identifiers".into()));
    }
    Ok(ids.into_iter())
}

fn sealed(fmk: &Fmk, recipient: &Recipient, outgoing: &mut Outgoing) -> Result<NewRecord> {
    let label = recipient.label.as_str();
    let (kek, capsule) = match &recipient.method {
        Method::PublicKey(key) => for_public_key(key)?,
        Method::SymmetricKey(key) => {
            let salt = random::<SALT_LENGTH>();
            (Kek::from_secret(key.secret(), &salt, label), Capsule::Symmetric { salt: salt.into() })
        }
        Method::Password(password) => {
            let (salt, password_salt) = (random::<SALT_LENGTH>(), random::<SALT_LENGTH>());
            let kek = Kek::from_password(password, &password_salt, PASSWORD_ITERATIONS, &salt, label);
            let capsule = Capsule::Password {
                salt: salt.into(),
                password_salt: password_salt.into(),
                iterations: PASSWORD_ITERATIONS,
            };
            (kek, capsule)
        }
        Method::Server { key, server_id } => {
            let (kek, direct) = for_public_key(key)?;
            let key_material = match direct {
                Capsule::Ec { sender, .. } => sender.point().to_vec(),
                Capsule::Rsa { encrypted_kek, .. } => encrypted_kek,
                _ => unreachable!("a public key makes an EC or RSA capsule"),
            };
            let (server_id, recipient) = (server_id.clone(), key.clone());
            outgoing.capsules.push(OutgoingCapsule {
                server_id: server_id.clone(),
                recipient: recipient.clone(),
                key_material,
            });
            (kek, Capsule::Server(ServerCapsule { recipient, server_id, transaction_id: String::new() }))
        }
        Method::Shares { recipient_id, servers } => for_shares(recipient_id, servers, outgoing)?,
    };
    Ok(NewRecord { capsule, label: recipient.label.clone(), encrypted_fmk: kek.wrap(fmk) })
}

fn for_public_key(key: &PublicKey) -> Result<(Kek, Capsule)> {
    match key {
        PublicKey::Ec(recipient) => {
            let (sender, shared) = ephemeral_agreement(recipient);
            let kek = Kek::from_ecdh(&shared, recipient, &sender);
            Ok((kek, Capsule::Ec { recipient: recipient.clone(), sender }))
        }
        PublicKey::Rsa(recipient) => {
            let kek = Kek::random();
            let encrypted_kek = recipient.encrypt_oaep(kek.as_bytes()).ok_or(Error::Refused(Refusal::UnusableKey))?;
            Ok((kek, Capsule::Rsa { recipient: recipient.clone(), encrypted_kek }))
        }
    }
}

/// Splits a KEK so that all shares together, and no fewer, give it: share 1 = KEK xor all other, random shares.
fn for_shares(recipient_id: &str, servers: &[String], outgoing: &mut Outgoing) -> Result<(Kek, Capsule)> {
    if servers.len() < 2 {
        return Err(Error::Refused(Refusal::TooFewShareServers));
    }
    let salt = random::<SALT_LENGTH>();
    let kek = Kek::for_shares(&salt, recipient_id);
    let mut first = Zeroizing::new(kek.as_bytes().to_vec());
    let others: Vec<_> = servers[1..].iter().map(|_| Zeroizing::new(random::<32>().to_vec())).collect();
    for other in &others {
        first.iter_mut().zip(other.iter()).for_each(|(byte, other)| *byte ^= other);
    }
    let shares = std::iter::once(first).chain(others);
    for (server, share) in servers.iter().zip(shares) {
        outgoing.shares.push(OutgoingShare {
            server_base_url: server.clone(),
            recipient_id: recipient_id.to_owned(),
            share,
        });
    }
    let shares =
        servers.iter().map(|server| KeyShare { server_base_url: server.clone(), share_id: String::new() }).collect();
    Ok((kek, Capsule::Shares(SharesCapsule { shares, salt: salt.into(), recipient_id: recipient_id.to_owned() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: usize = 3;

    /// A key, and its shares for three servers.
    fn split() -> ([u8; 32], Vec<Zeroizing<Vec<u8>>>) {
        let servers: Vec<_> = (0..SERVERS).map(|number| format!("https://{number}.example")).collect();
        let mut outgoing = Outgoing::default();
        let (kek, _) = for_shares("etsi/PNOEE-38001085718", &servers, &mut outgoing).expect("three are enough");
        (*kek.as_bytes(), outgoing.shares.into_iter().map(|outgoing| outgoing.share).collect())
    }

    fn xored<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
        let mut all = [0; 32];
        for part in parts {
            all.iter_mut().zip(part).for_each(|(byte, other)| *byte ^= other);
        }
        all
    }

    fn ones(bytes: &[u8; 32]) -> u32 {
        bytes.iter().map(|byte| byte.count_ones()).sum()
    }

    /// Whatever can be made of fewer than all shares is as a coin beside the key: each bit of it is right as often as it is wrong.
    #[test]
    fn fewer_than_all_shares_tell_nothing_of_the_key() {
        const SPLITS: u32 = 4000;
        let all = (1_u32 << SERVERS) - 1;
        let mut agreeing = vec![0; all as usize];
        let mut set = vec![0; all as usize];
        for _ in 0..SPLITS {
            let (key, shares) = split();
            assert_eq!(xored(shares.iter().map(|share| share.as_slice())), key, "all of them are the key");
            for subset in 1..all {
                let held = shares.iter().enumerate().filter(|(number, _)| subset & (1 << number) != 0);
                let known = xored(held.map(|(_, share)| share.as_slice()));
                agreeing[subset as usize] += 256 - ones(&xored([&known[..], &key]));
                set[subset as usize] += ones(&known);
            }
        }
        // Of a million bits, half, but for six standard deviations.
        let bits = SPLITS * 256;
        let deviation = f64::from(bits).sqrt() / 2.0;
        for subset in 1..all as usize {
            for count in [agreeing[subset], set[subset]] {
                let off = (f64::from(count) - f64::from(bits) / 2.0) / deviation;
                assert!(off.abs() < 6.0, "shares {subset:03b}: {count} of {bits} bits, {off:.1} deviations off");
            }
        }
    }

    /// For every other key there is a share with which those of two servers are that key: what they hold says nothing for or against any.
    #[test]
    fn the_missing_share_could_make_any_key() {
        let (key, shares) = split();
        for missing in 0..SERVERS {
            let held: Vec<_> =
                (0..SERVERS).filter(|number| *number != missing).map(|number| &shares[number][..]).collect();
            let known = xored(held.iter().copied());
            assert_ne!(known, key, "two shares are not the key");
            let other: [u8; 32] = random();
            let share = xored([&known[..], &other]);
            assert_eq!(xored(held.into_iter().chain([&share[..]])), other);
        }
    }

    #[test]
    fn one_server_is_too_few() {
        let one = ["https://a.example".to_owned()];
        let refused = for_shares("etsi/PNOEE-38001085718", &one, &mut Outgoing::default()).map(drop);
        assert!(matches!(refused, Err(Error::Refused(Refusal::TooFewShareServers))));
    }
}
