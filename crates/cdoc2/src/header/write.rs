//! Writing a header that every reader, this one too, accepts.

use planus::Builder;

use super::{
    Capsule, Header, NewRecord,
    generated::cdoc2::{self as fb},
};
use crate::{
    Error, Result,
    envelope::MAX_HEADER,
    error::Refusal,
    key::{Curve, EcPublicKey, PublicKey},
};

/// Makes the header's bytes.
///
/// # Errors
/// [`Refusal::TooManyRecipients`] when it would exceed 1 MiB or a budget of readers.
pub(crate) fn write(records: &[NewRecord]) -> Result<Vec<u8>> {
    let header = fb::Header {
        recipients: Some(records.iter().map(record).collect()),
        payload_encryption_method: fb::PayloadEncryptionMethod::Chacha20poly1305,
    };
    let bytes = Builder::new().finish(&header, None).to_vec();
    if bytes.len() > MAX_HEADER {
        return Err(Error::Refused(Refusal::TooManyRecipients));
    }
    // What is over a reader's budget, nobody could open.
    match Header::read(bytes) {
        Ok(header) if header.records.len() == records.len() => Ok(header.into_bytes()),
        _ => Err(Error::Refused(Refusal::TooManyRecipients)),
    }
}

fn record(record: &NewRecord) -> fb::RecipientRecord {
    fb::RecipientRecord {
        capsule: Some(capsule(&record.capsule)),
        key_label: record.label.clone(),
        encrypted_fmk: record.encrypted_fmk.to_vec(),
        fmk_encryption_method: fb::FmkEncryptionMethod::Xor,
    }
}

fn capsule(capsule: &Capsule) -> fb::Capsule {
    match capsule {
        Capsule::Ec { recipient, sender } => fb::Capsule::EccPublicKeyCapsule(Box::new(fb::EccPublicKeyCapsule {
            curve: curve(recipient),
            recipient_public_key: recipient.point().to_vec(),
            sender_public_key: sender.point().to_vec(),
        })),
        Capsule::Rsa { recipient, encrypted_kek } => {
            fb::Capsule::RsaPublicKeyCapsule(Box::new(fb::RsaPublicKeyCapsule {
                recipient_public_key: recipient.pkcs1_der().to_vec(),
                encrypted_kek: encrypted_kek.clone(),
            }))
        }
        Capsule::Symmetric { salt } => {
            fb::Capsule::SymmetricKeyCapsule(Box::new(fb::SymmetricKeyCapsule { salt: salt.clone() }))
        }
        Capsule::Password { salt, password_salt, iterations } => {
            fb::Capsule::Pbkdf2Capsule(Box::new(fb::Pbkdf2Capsule {
                salt: salt.clone(),
                password_salt: password_salt.clone(),
                kdf_algorithm_identifier: fb::KdfAlgorithmIdentifier::Pbkdf2WithHmacSha256,
                kdf_iterations: i32::try_from(*iterations).unwrap_or(i32::MAX),
            }))
        }
        Capsule::Server(capsule) => fb::Capsule::KeyServerCapsule(Box::new(fb::KeyServerCapsule {
            recipient_key_details: Some(details(&capsule.recipient)),
            keyserver_id: capsule.server_id.clone(),
            transaction_id: capsule.transaction_id.clone(),
        })),
        Capsule::Shares(capsule) => {
            let share = |share: &super::KeyShare| fb::KeyShare {
                server_base_url: share.server_base_url.clone(),
                share_id: share.share_id.clone(),
            };
            fb::Capsule::KeySharesCapsule(Box::new(fb::KeySharesCapsule {
                shares: capsule.shares.iter().map(share).collect(),
                salt: capsule.salt.clone(),
                recipient_type: fb::KeyShareRecipientType::SidMid,
                shares_scheme: fb::SharesScheme::NOfN,
                recipient_id: capsule.recipient_id.clone(),
            }))
        }
    }
}

fn details(key: &PublicKey) -> fb::KeyDetailsUnion {
    match key {
        PublicKey::Ec(key) => fb::KeyDetailsUnion::EccKeyDetails(Box::new(fb::EccKeyDetails {
            curve: curve(key),
            recipient_public_key: key.point().to_vec(),
        })),
        PublicKey::Rsa(key) => fb::KeyDetailsUnion::RsaKeyDetails(Box::new(fb::RsaKeyDetails {
            recipient_public_key: key.pkcs1_der().to_vec(),
        })),
    }
}

fn curve(key: &EcPublicKey) -> fb::EllipticCurve {
    match key.curve() {
        Curve::P256 => fb::EllipticCurve::Secp256r1,
        Curve::P384 => fb::EllipticCurve::Secp384r1,
        Curve::P521 => fb::EllipticCurve::Secp521r1,
    }
}
