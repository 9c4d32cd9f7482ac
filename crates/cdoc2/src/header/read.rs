//! Reading a header within its budgets.

use planus::{ReadAsRoot, errors::ErrorKind};

use super::{
    Capsule, Header, ITERATIONS, KeyShare, MAX_CONTENT, MAX_RECORDS, MAX_SALT, MAX_SHARES, Record, ServerCapsule,
    SharesCapsule, SkipReason, SkippedRecord,
    generated::cdoc2::{
        CapsuleRef, EllipticCurve, FmkEncryptionMethod, HeaderRef, KdfAlgorithmIdentifier, KeyDetailsUnionRef,
        KeyServerCapsuleRef, KeyShareRecipientType, KeySharesCapsuleRef, PayloadEncryptionMethod, Pbkdf2CapsuleRef,
        RecipientRecordRef, SharesScheme,
    },
};
use crate::{
    Error, LimitKind, Result,
    key::{Curve, EcPublicKey, PublicKey, RsaPublicKey},
};

impl Header {
    /// Reads a header as it stands in the file.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the header as a whole breaks the format, never for a single record; [`Error::LimitExceeded`] when it is over
    /// a budget.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self> {
        let (mut records, mut skipped) = (Vec::new(), Vec::new());
        let root = HeaderRef::read_as_root(&bytes).map_err(broken_header)?;
        if !matches!(root.payload_encryption_method(), Ok(PayloadEncryptionMethod::Chacha20poly1305)) {
            return Err(Error::malformed("unknown payload encryption method"));
        }
        let recipients = root.recipients().map_err(broken_header)?;
        let recipients = recipients.ok_or_else(|| Error::malformed("the header has no recipients"))?;
        if recipients.len() > MAX_RECORDS {
            return Err(over_budget(LimitKind::Records, MAX_RECORDS));
        }
        let mut budget = Budget { left: MAX_CONTENT };
        for (index, record) in recipients.iter().enumerate() {
            let outcome = match record {
                Ok(record) => read_record(&record, index, &mut budget),
                Err(error) => Err(Trouble::skip(None, broken(error))),
            };
            match outcome {
                Ok(record) => records.push(record),
                Err(Trouble::Record { label, reason }) => skipped.push(SkippedRecord { index, label, reason }),
                Err(Trouble::Header(error)) => return Err(error),
            }
        }
        Ok(Self { bytes, records, skipped })
    }
}

fn over_budget(kind: LimitKind, limit: usize) -> Error {
    Error::LimitExceeded { kind, limit: limit as u64 }
}

fn broken_header(error: planus::Error) -> Error {
    Error::malformed(format!("the header is broken: {}", what_is_broken(error.error_kind)))
}

fn broken(error: planus::Error) -> SkipReason {
    SkipReason::Broken(what_is_broken(error.error_kind))
}

/// What breaks the format, without the words of the library that found it.
fn what_is_broken(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidOffset => "it points beyond the end of the header",
        ErrorKind::InvalidLength | ErrorKind::InvalidVtableLength { .. } => "a length in it is wrong",
        ErrorKind::UnknownEnumTag { .. } | ErrorKind::UnknownUnionTag { .. } => {
            "it has a value that the format does not know"
        }
        ErrorKind::InvalidUtf8 { .. } => "text in it is no UTF-8",
        ErrorKind::MissingRequired => "something required is missing",
        ErrorKind::MissingNullTerminator => "text in it has no end",
        _ => "it has another structure than the format",
    }
}

/// Why a record is not read.
enum Trouble {
    /// It is skipped.
    Record { label: Option<String>, reason: SkipReason },
    /// The header is refused.
    Header(Error),
}

impl Trouble {
    fn skip(label: Option<String>, reason: SkipReason) -> Self {
        Self::Record { label, reason }
    }

    fn with_label(self, own: &str) -> Self {
        match self {
            Self::Record { label, reason } => Self::Record { label: label.or_else(|| Some(own.to_owned())), reason },
            header => header,
        }
    }
}

impl From<SkipReason> for Trouble {
    fn from(reason: SkipReason) -> Self {
        Self::skip(None, reason)
    }
}

impl From<planus::Error> for Trouble {
    fn from(error: planus::Error) -> Self {
        broken(error).into()
    }
}

impl From<crate::PublicKeyError> for Trouble {
    fn from(error: crate::PublicKeyError) -> Self {
        SkipReason::from(error).into()
    }
}

/// Bytes of strings and vectors that may still be read.
struct Budget {
    left: usize,
}

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), Trouble> {
        let spent = || Trouble::Header(over_budget(LimitKind::RecordBytes, MAX_CONTENT));
        self.left = self.left.checked_sub(bytes).ok_or_else(spent)?;
        Ok(())
    }

    fn bytes<'a>(&mut self, bytes: planus::Result<&'a [u8]>) -> Result<&'a [u8], Trouble> {
        let bytes = bytes?;
        self.spend(bytes.len())?;
        Ok(bytes)
    }

    fn text(&mut self, text: planus::Result<&str>) -> Result<String, Trouble> {
        match text {
            Ok(text) => {
                self.spend(text.len())?;
                Ok(text.to_owned())
            }
            Err(error) => {
                // Looking through a long string that ends in a broken character costs as much as a good one.
                if let ErrorKind::InvalidUtf8 { source } = error.error_kind {
                    self.spend(source.valid_up_to())?;
                }
                Err(error.into())
            }
        }
    }

    fn salt(&mut self, salt: planus::Result<&[u8]>) -> Result<Vec<u8>, Trouble> {
        let salt = self.bytes(salt)?;
        if salt.is_empty() || salt.len() > MAX_SALT {
            return Err(SkipReason::SaltLength(salt.len()).into());
        }
        Ok(salt.to_vec())
    }
}

fn read_record(record: &RecipientRecordRef<'_>, index: usize, budget: &mut Budget) -> Result<Record, Trouble> {
    let label = budget.text(record.key_label())?;
    let mut read = || {
        let encrypted_fmk = budget.bytes(record.encrypted_fmk())?;
        if !matches!(record.fmk_encryption_method(), Ok(FmkEncryptionMethod::Xor)) {
            return Err(SkipReason::UnknownFmkMethod.into());
        }
        let encrypted_fmk = encrypted_fmk.try_into().map_err(|_| SkipReason::WrongFmkLength(encrypted_fmk.len()))?;
        Ok((read_capsule(record, budget)?, encrypted_fmk))
    };
    match read() {
        Ok((capsule, encrypted_fmk)) => Ok(Record { index, capsule, label, encrypted_fmk }),
        Err(trouble) => Err(Trouble::with_label(trouble, &label)),
    }
}

fn read_capsule(record: &RecipientRecordRef<'_>, budget: &mut Budget) -> Result<Capsule, Trouble> {
    let capsule = record.capsule().map_err(|error| unknown_or_broken(error, SkipReason::UnknownCapsule))?;
    match capsule.ok_or_else(|| missing("there is no capsule"))? {
        CapsuleRef::EccPublicKeyCapsule(capsule) => {
            let recipient = budget.bytes(capsule.recipient_public_key())?;
            let sender = budget.bytes(capsule.sender_public_key())?;
            let curve = curve(capsule.curve())?;
            Ok(Capsule::Ec {
                recipient: EcPublicKey::from_point(curve, recipient)?,
                sender: EcPublicKey::from_point(curve, sender)?,
            })
        }
        CapsuleRef::RsaPublicKeyCapsule(capsule) => {
            let recipient = budget.bytes(capsule.recipient_public_key())?;
            let encrypted_kek = budget.bytes(capsule.encrypted_kek())?.to_vec();
            Ok(Capsule::Rsa { recipient: RsaPublicKey::from_pkcs1_der(recipient)?, encrypted_kek })
        }
        CapsuleRef::KeyServerCapsule(capsule) => read_server(&capsule, budget),
        CapsuleRef::SymmetricKeyCapsule(capsule) => Ok(Capsule::Symmetric { salt: budget.salt(capsule.salt())? }),
        CapsuleRef::Pbkdf2Capsule(capsule) => read_password(&capsule, budget),
        CapsuleRef::KeySharesCapsule(capsule) => read_shares(&capsule, budget),
    }
}

fn unknown_or_broken(error: planus::Error, unknown: impl FnOnce(u8) -> SkipReason) -> Trouble {
    match error.error_kind {
        ErrorKind::UnknownUnionTag { tag } => unknown(tag).into(),
        _ => error.into(),
    }
}

/// A required field that is not there is no newer version's.
fn missing(what: &'static str) -> SkipReason {
    SkipReason::Broken(what)
}

fn curve(curve: planus::Result<EllipticCurve>) -> Result<Curve, SkipReason> {
    match curve {
        Ok(EllipticCurve::Secp384r1) => Ok(Curve::P384),
        Ok(EllipticCurve::Secp256r1) => Ok(Curve::P256),
        Ok(EllipticCurve::Secp521r1) => Ok(Curve::P521),
        Ok(EllipticCurve::Unknown) | Err(_) => Err(SkipReason::UnknownCurve),
    }
}

fn read_server(capsule: &KeyServerCapsuleRef<'_>, budget: &mut Budget) -> Result<Capsule, Trouble> {
    let details =
        capsule.recipient_key_details().map_err(|error| unknown_or_broken(error, SkipReason::UnknownKeyDetails))?;
    let recipient = match details.ok_or_else(|| missing("there is no key of the recipient"))? {
        KeyDetailsUnionRef::EccKeyDetails(details) => {
            let point = budget.bytes(details.recipient_public_key())?;
            PublicKey::Ec(EcPublicKey::from_point(curve(details.curve())?, point)?)
        }
        KeyDetailsUnionRef::RsaKeyDetails(details) => {
            PublicKey::Rsa(RsaPublicKey::from_pkcs1_der(budget.bytes(details.recipient_public_key())?)?)
        }
    };
    let server_id = budget.text(capsule.keyserver_id())?;
    let transaction_id = budget.text(capsule.transaction_id())?;
    Ok(Capsule::Server(ServerCapsule { recipient, server_id, transaction_id }))
}

fn read_password(capsule: &Pbkdf2CapsuleRef<'_>, budget: &mut Budget) -> Result<Capsule, Trouble> {
    let salt = budget.salt(capsule.salt())?;
    let password_salt = budget.salt(capsule.password_salt())?;
    if !matches!(capsule.kdf_algorithm_identifier(), Ok(KdfAlgorithmIdentifier::Pbkdf2WithHmacSha256)) {
        return Err(SkipReason::UnknownKdf.into());
    }
    let iterations = capsule.kdf_iterations()?;
    let honoured = u32::try_from(iterations).ok().filter(|_| ITERATIONS.contains(&iterations));
    let iterations = honoured.ok_or(SkipReason::IterationsOutOfRange(iterations))?;
    Ok(Capsule::Password { salt, password_salt, iterations })
}

fn read_shares(capsule: &KeySharesCapsuleRef<'_>, budget: &mut Budget) -> Result<Capsule, Trouble> {
    let shares = capsule.shares()?;
    if shares.len() > MAX_SHARES {
        return Err(Trouble::Header(over_budget(LimitKind::Shares, MAX_SHARES)));
    }
    if shares.len() < 2 {
        return Err(SkipReason::ShareCount(shares.len()).into());
    }
    if !matches!(capsule.recipient_type(), Ok(KeyShareRecipientType::SidMid))
        || !matches!(capsule.shares_scheme(), Ok(SharesScheme::NOfN))
    {
        return Err(SkipReason::UnknownSharesScheme.into());
    }
    let shares = shares
        .iter()
        .map(|share| {
            let share = share?;
            let server_base_url = budget.text(share.server_base_url())?;
            Ok(KeyShare { server_base_url, share_id: budget.text(share.share_id())? })
        })
        .collect::<Result<Vec<_>, Trouble>>()?;
    let salt = budget.salt(capsule.salt())?;
    let recipient_id = budget.text(capsule.recipient_id())?;
    Ok(Capsule::Shares(SharesCapsule { shares, salt, recipient_id }))
}
