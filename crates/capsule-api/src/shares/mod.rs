//! Key shares (key-shares API 1.0.1, and the names of 1.2.1).
//!
//! A key for a person is split over servers of different organisations, so that none of them, nor all but one together, can help to open
//! anything. The person proves to all of them by one signature who he is: an SD-JWT whose disclosures are each one server's URL with its
//! nonce ([`ShareTokens`]). A server sees its own disclosure alone ([`SharePresentation`]), so there is nothing that it could show to another.
//!
//! What is signed is the digests of disclosures; a digest is over the disclosure **as it was sent**, whose writers escape differently, so
//! it is never written anew.

mod token;

use std::fmt;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use cdoc2::Zeroizing;
use der::asn1::ObjectIdentifier;
use serde::{Deserialize, Serialize};
use x509_cert::{
    Certificate,
    der::{Decode, Tag, Tagged},
};

pub use token::{MAX_PRESENTATION, SharePresentation, ShareTarget, ShareTokens, SignedShareTokens, TokenError};

use crate::{IdError, MAX_BODY, object::Object};

/// Path under which shares are posted and, with an id, fetched.
pub const SHARES_PATH: &str = "/key-shares";
/// Names of the header that carries a presentation, the older first.
pub const SHARE_TICKET_HEADERS: [&str; 2] = ["x-cdoc2-auth-ticket", "x-cdoc2-auth-token"];
/// Name of the header that carries the certificate of the key that signed.
pub const SHARE_CERTIFICATE_HEADER: &str = "x-cdoc2-auth-x5c";
/// Bytes of a share, decoded.
const SHARE: std::ops::RangeInclusive<usize> = 32..=128;
/// Characters of a person's identifier.
const PERSON: std::ops::RangeInclusive<usize> = 12..=32;
/// Characters of a share's identifier that a server accepts at all.
const ID_LENGTH: std::ops::RangeInclusive<usize> = 18..=34;
/// Begins every person's identifier: the naming of ETSI EN 319 412-1.
const SCHEME: &str = "etsi/";
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
/// Around a certificate in the older header, in one line.
const PEM: [&str; 2] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];

/// Names a share on its server: 18 to 34 ASCII letters and digits, such as 32 hexadecimal digits. `Debug` shows only how it begins.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareId(String);

impl ShareId {
    /// Makes a new one: 128 random bits in hex.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn generate() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system gives randomness");
        Self(hex::encode(bytes))
    }

    /// Takes an id from a path or a container.
    ///
    /// # Errors
    /// [`IdError::Length`], [`IdError::Characters`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if !ID_LENGTH.contains(&text.len()) {
            return Err(IdError::Length);
        }
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_plain { Ok(Self(text.to_owned())) } else { Err(IdError::Characters) }
    }

    /// Takes the id from the `Location` of a server's answer: a path with nothing before or behind it.
    ///
    /// # Errors
    /// [`IdError::Location`], [`IdError::Length`], [`IdError::Characters`].
    pub fn from_location(location: &str) -> Result<Self, IdError> {
        let id = location.strip_prefix(SHARES_PATH).and_then(|rest| rest.strip_prefix('/'));
        Self::parse(id.ok_or(IdError::Location)?)
    }

    /// The path of the share on its server.
    pub fn location(&self) -> String {
        format!("{SHARES_PATH}/{}", self.0)
    }

    /// The whole id, for the wire and the container; not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShareId({}…)", &self.0[..8])
    }
}

/// A person as shares name him: `etsi/` and the serial number of his certificates, such as `etsi/PNOEE-48010010101`. Never shown whole.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonId(String);

impl PersonId {
    /// Takes an identifier from a container, a request or a token; `None` unless it is `etsi/`, three letters for the kind of number, two for the
    /// country, a hyphen and the number, of 12 to 32 characters in all.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, number) = text.strip_prefix(SCHEME)?.split_once('-')?;
        let is_kind = kind.len() == 5 && kind.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (PERSON.contains(&text.len()) && is_kind && is_number).then(|| Self(text.to_owned()))
    }

    /// Whose certificate it is (DER): its subject has exactly one serial number, which is a person's.
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let subject = certificate.tbs_certificate().subject();
        let mut numbers =
            subject.iter_rdn().flat_map(|rdn| rdn.iter()).filter(|attribute| attribute.oid == SERIAL_NUMBER);
        let (number, None) = (&numbers.next()?.value, numbers.next()) else { return None };
        let is_text = matches!(number.tag(), Tag::PrintableString | Tag::Utf8String);
        let number = std::str::from_utf8(number.value()).ok().filter(|_| is_text)?;
        Self::parse(&format!("{SCHEME}{number}"))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonId")
    }
}

/// A share of a key for a person, as it is posted and given out; wiped when dropped, and never printed.
pub struct NewShare {
    share: Zeroizing<Vec<u8>>,
    recipient: PersonId,
}

/// Why a body is no share; a server answers 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// More than 8 KiB.
    #[error("the body is too large")]
    TooLarge,
    /// Not the JSON of a share: a member is missing, unknown, or stands twice.
    #[error("not the JSON of a share")]
    Json,
    /// Not canonical base64 of 32 to 128 bytes.
    #[error("share is not base64 of 32 to 128 bytes")]
    Share,
    /// No person's identifier of 12 to 32 characters.
    #[error("recipient is no person's identifier")]
    Recipient,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    share: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    recipient: std::borrow::Cow<'a, str>,
}

impl NewShare {
    /// A share of 32 to 128 bytes.
    ///
    /// # Errors
    /// [`ShareError::Share`].
    pub fn new(share: Zeroizing<Vec<u8>>, recipient: PersonId) -> Result<Self, ShareError> {
        if SHARE.contains(&share.len()) { Ok(Self { share, recipient }) } else { Err(ShareError::Share) }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`ShareError`].
    pub fn parse(json: &[u8]) -> Result<Self, ShareError> {
        if json.len() > MAX_BODY {
            return Err(ShareError::TooLarge);
        }
        let Object::<Body<'_>>(body) = serde_json::from_slice(json).map_err(|_| ShareError::Json)?;
        let share = Zeroizing::new(Base64::decode_vec(&body.share).map_err(|_| ShareError::Share)?);
        if *Zeroizing::new(Base64::encode_string(&share)) != *body.share {
            return Err(ShareError::Share);
        }
        Self::new(share, PersonId::parse(&body.recipient).ok_or(ShareError::Recipient)?)
    }

    /// The body.
    pub fn to_json(&self) -> Zeroizing<String> {
        let share = Zeroizing::new(Base64::encode_string(&self.share));
        let body = Body { share: share.as_str().into(), recipient: self.recipient.as_str().into() };
        Zeroizing::new(serde_json::to_string(&body).expect("texts are JSON"))
    }

    /// The bytes.
    pub fn share(&self) -> &[u8] {
        &self.share
    }

    /// For whom it is.
    pub fn recipient(&self) -> &PersonId {
        &self.recipient
    }
}

impl fmt::Debug for NewShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewShare").field("bytes", &self.share.len()).finish_non_exhaustive()
    }
}

/// A certificate (DER) for [`SHARE_CERTIFICATE_HEADER`], in the form that all servers take: PEM in one line.
pub fn certificate_header(der: &[u8]) -> String {
    let [begin, end] = PEM;
    format!("{begin}{}{end}", Base64::encode_string(der))
}

/// The DER of a certificate in that header, PEM in one line or base64url; `None` when it is neither. What it holds is not looked at.
pub fn read_certificate_header(text: &str) -> Option<Vec<u8>> {
    let [begin, end] = PEM;
    match text.strip_prefix(begin) {
        Some(rest) => Base64::decode_vec(rest.strip_suffix(end)?.trim()).ok(),
        None => Base64UrlUnpadded::decode_vec(text).ok(),
    }
}
