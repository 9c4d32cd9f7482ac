//! Key shares: taken from senders, and given to whoever proves to be the person they are for; without HTTP.
//!
//! A share is kept as a capsule is, sealed when there is a key, found by a digest over its id and its person, and deleted in time. The
//! proof is a token of which this server sees its own part alone.

use std::sync::Arc;

use capsule_api::{
    CapsuleError, Expiry, NewShare, ShareError, ShareId, ShareNonce, SharePresentation, TokenError,
    read_certificate_header,
};
use url::Url;

use crate::{
    metrics::{ProofOutcome, Proofs},
    nonces::Nonces,
    service::{NotTaken, Taken},
    store::{Capsule, Locator, Spent},
    tickets::{Certificates, NotGiven, spent},
    tls::{ClientKey, has_key_usage},
};

/// Takes shares and gives them out.
pub(crate) struct Shares {
    pub(crate) nonces: Arc<Nonces>,
    pub(crate) certificates: Certificates,
    /// As it stands in containers, and in what persons sign.
    pub(crate) base_url: Url,
}

impl From<TokenError> for NotGiven {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Malformed => Self::Malformed(error.into()),
            _ => Self::Refused(error.into()),
        }
    }
}

impl From<ShareError> for NotTaken {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::TooLarge => Self::Malformed(CapsuleError::TooLarge),
            error => Self::Share(error),
        }
    }
}

impl Shares {
    /// Keeps a share; when this comes back, it is durable.
    pub(crate) async fn take(&self, body: &[u8], asked: Option<Expiry>) -> Result<Taken<ShareId>, NotTaken> {
        let share = NewShare::parse(body)?;
        let id = ShareId::generate();
        let locator = Locator::of_share(&id, share.recipient());
        let granted = self.nonces.capsules.keep(locator, body, asked).await?;
        tracing::info!(target: "audit", ?id, expires = %granted.until, "share taken");
        Ok(Taken { id, granted })
    }

    /// A nonce for a share, whether there is such a one or not.
    pub(crate) fn nonce(&self, id: &ShareId) -> ShareNonce {
        self.nonces.issue(|key, now| key.issue_for_share(id, now))
    }

    /// The share with this id for whoever signed the token, by the certificate in its header.
    pub(crate) async fn give(&self, id: &ShareId, token: Option<&str>, x5c: Option<&str>) -> Result<Capsule, NotGiven> {
        let given = self.looked_at(id, token, x5c).await;
        let outcome = given.as_ref().map_or_else(NotGiven::outcome, |_| ProofOutcome::Given);
        self.nonces.metrics().proof(Proofs::ShareTokens, outcome);
        given
    }

    async fn looked_at(&self, id: &ShareId, token: Option<&str>, x5c: Option<&str>) -> Result<Capsule, NotGiven> {
        let presentation = SharePresentation::parse(token.unwrap_or_default())?;
        let certificate = x5c.and_then(read_certificate_header).ok_or(TokenError::Malformed)?;
        if !has_key_usage(&certificate) {
            return Err(TokenError::Certificate.into());
        }
        self.certificates.lets_in(&certificate)?;
        let person = presentation.verify(&certificate)?;
        let nonce = presentation.nonce(&self.base_url, id)?;
        let key = ClientKey::of_der(&certificate).ok_or(TokenError::Certificate)?;
        self.certificates.counts(&key)?;
        if !self.nonces.issued(|nonce_key, now| nonce_key.issued_for_share(&nonce, id, now)) {
            return Err(NotGiven::Stale);
        }
        self.certificates.stands(&certificate).await?;
        let locator = Locator::of_share(id, person);
        spent(self.nonces.capsules.spend(locator, Spent::of_share(id, &nonce)).await?)
    }
}
