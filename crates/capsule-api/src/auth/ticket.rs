//! Tickets, as they go over the wire.

use std::borrow::Cow;

use cdoc2::PublicKey;
use serde::{Deserialize, Serialize};

use super::{
    Audience, Authentication, JwsAlgorithm, MAX_NONCES, MAX_TICKET, MaskedNonce, Nonce, decoded, encoded,
    key::{Jwk, certificate_key, is_signed},
};
use crate::{TransactionId, object::Object};

const TYPE: &str = "CDOC2 authentication ticket v0.1";
/// A plain signature by the key of a certificate, as an ID-card makes it.
const SIGNATURE_TYPE: &str = "ID-card-raw";

/// The members in the order of RFC 8785, though tickets need not be canonical.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    authentication_signature_type: Cow<'a, str>,
    #[serde(borrow)]
    authentication_signature_value: Cow<'a, str>,
    jwk: Object<Jwk>,
    #[serde(borrow)]
    masked_transactions: Vec<Object<MaskedTransaction<'a>>>,
    #[serde(borrow)]
    transaction: Object<ClearTransaction<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearTransaction<'a> {
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    #[serde(borrow, rename = "transactionID")]
    id: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaskedTransaction<'a> {
    #[serde(borrow)]
    masked_nonce: Cow<'a, str>,
    #[serde(borrow, rename = "transactionID")]
    id: Cow<'a, str>,
}

/// A ticket that is well formed, and not believed yet. The order of what follows is the server's: [`Ticket::claimed_key`], whether the
/// certificate counts, then [`Ticket::is_signed_by`].
#[derive(Debug)]
pub struct Ticket {
    is_of_known_type: bool,
    id: TransactionId,
    nonce: Nonce,
    others: Vec<(TransactionId, MaskedNonce)>,
    header: String,
    signature: Vec<u8>,
    jwk: Jwk,
}

/// Why a ticket does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// More than 16 KiB.
    #[error("a ticket is larger than {MAX_TICKET} bytes")]
    TooLarge,
    /// It, or a value within it, is not canonical base64url.
    #[error("not canonical base64url")]
    Base64,
    /// Not JSON, or not with exactly the members of a ticket, each once.
    #[error("not the JSON of a ticket")]
    Json,
    /// More than 64 transactions.
    #[error("more than {MAX_NONCES} transactions")]
    TooMany,
    /// A transaction identifier that none can be.
    #[error("a transaction identifier is none")]
    Id,
    /// The signature's value is not `header..signature`.
    #[error("the signature is not a detached one")]
    Jws,
    /// A ticket or signature of another type.
    #[error("a type that is not known")]
    Type,
    /// For another transaction than is asked for.
    #[error("for another transaction")]
    Transaction,
    /// Its nonce is another server's.
    #[error("its nonce is from another server")]
    ForeignNonce,
    /// A transaction stands in it twice.
    #[error("a transaction stands twice")]
    EqualTransactions,
    /// The protected header is not the one of the key.
    #[error("the signature's algorithm is not the key's")]
    Algorithm,
    /// No certificate, or of a kind of key that signs no tickets.
    #[error("no certificate of a key that can sign")]
    Certificate,
    /// The key in it is not the certificate's.
    #[error("the key is not the certificate's")]
    Key,
    /// The certificate's key did not sign this.
    #[error("the signature is wrong")]
    Signature,
}

impl TicketError {
    /// Whether it is no ticket at all (400), where otherwise it is one that does not count (401).
    pub fn is_malformed(self) -> bool {
        matches!(self, Self::TooLarge | Self::Base64 | Self::Json | Self::TooMany | Self::Id | Self::Jws)
    }
}

impl Ticket {
    /// Reads the value of the header [`super::TICKET_HEADER`].
    ///
    /// # Errors
    /// [`TicketError`], for which [`TicketError::is_malformed`] holds.
    pub fn parse(header: &str) -> Result<Self, TicketError> {
        if header.len() > MAX_TICKET {
            return Err(TicketError::TooLarge);
        }
        let json = decoded(header).ok_or(TicketError::Base64)?;
        let Object::<Body<'_>>(body) = serde_json::from_slice(&json).map_err(|_| TicketError::Json)?;
        if 1 + body.masked_transactions.len() > MAX_NONCES {
            return Err(TicketError::TooMany);
        }
        let id = |text: &str| TransactionId::parse(text).map_err(|_| TicketError::Id);
        let others = body.masked_transactions.iter().map(|Object(other)| {
            Ok((id(&other.id)?, MaskedNonce::parse(&other.masked_nonce).map_err(|_| TicketError::Base64)?))
        });
        let Object(transaction) = &body.transaction;
        let (protected, signature) = body.authentication_signature_value.split_once("..").ok_or(TicketError::Jws)?;
        Ok(Self {
            is_of_known_type: body.kind == TYPE && body.authentication_signature_type == SIGNATURE_TYPE,
            id: id(&transaction.id)?,
            nonce: Nonce::parse(&transaction.nonce).map_err(|_| TicketError::Base64)?,
            others: others.collect::<Result<_, _>>()?,
            header: protected.to_owned(),
            signature: decoded(signature).ok_or(TicketError::Base64)?,
            jwk: body.jwk.0,
        })
    }

    /// The nonce that is shown in the clear.
    pub fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// How many transactions its signature covers.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// What it claims, for a server that was asked for the transaction `id`: a key, and its certificate in DER.
    ///
    /// # Errors
    /// [`TicketError`]: another type, another transaction, another server's nonce, a transaction twice, an algorithm that is not the key's, a
    /// key that is not the certificate's.
    pub fn claimed_key(&self, id: &TransactionId, server: &Audience) -> Result<(PublicKey, Vec<u8>), TicketError> {
        if !self.is_of_known_type {
            return Err(TicketError::Type);
        }
        if self.id != *id {
            return Err(TicketError::Transaction);
        }
        if !self.nonce.is_from(server) {
            return Err(TicketError::ForeignNonce);
        }
        self.authentication()?;
        let certificate = self.jwk.certificate().ok_or(TicketError::Certificate)?;
        let key = certificate_key(&certificate).ok_or(TicketError::Certificate)?;
        if self.header != JwsAlgorithm::of(&key).protected_header() {
            return Err(TicketError::Algorithm);
        }
        if self.jwk.is_of(&key, &certificate) { Ok((key, certificate)) } else { Err(TicketError::Key) }
    }

    /// Whether `key` signed all its transactions, its own by the mask of the nonce that it shows.
    ///
    /// # Errors
    /// [`TicketError::Signature`], [`TicketError::EqualTransactions`].
    pub fn is_signed_by(&self, key: &PublicKey) -> Result<(), TicketError> {
        let input = self.authentication()?.signing_input(JwsAlgorithm::of(key));
        if is_signed(key, input.as_bytes(), &self.signature) { Ok(()) } else { Err(TicketError::Signature) }
    }

    /// What was signed, put together again.
    fn authentication(&self) -> Result<Authentication, TicketError> {
        let own = (self.id.clone(), self.nonce.masked());
        Authentication::new(std::iter::once(own).chain(self.others.iter().cloned()))
            .map_err(|_| TicketError::EqualTransactions)
    }
}

/// A ticket, as its header carries it.
pub(super) fn write<'a>(
    id: &TransactionId,
    nonce: &Nonce,
    others: impl Iterator<Item = (&'a TransactionId, &'a MaskedNonce)>,
    jws: &str,
    jwk: &Jwk,
) -> String {
    let masked = |(id, masked): (&'a TransactionId, &MaskedNonce)| {
        Object(MaskedTransaction { masked_nonce: masked.to_text().into(), id: id.as_str().into() })
    };
    let body = Body {
        authentication_signature_type: SIGNATURE_TYPE.into(),
        authentication_signature_value: jws.into(),
        jwk: Object(jwk.clone()),
        masked_transactions: others.map(masked).collect(),
        transaction: Object(ClearTransaction { nonce: nonce.to_text().into(), id: id.as_str().into() }),
        kind: TYPE.into(),
    };
    encoded(&serde_json::to_vec(&body).expect("texts are JSON"))
}
