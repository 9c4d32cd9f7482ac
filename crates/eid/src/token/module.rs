//! A module, in the process that is there for it.

use std::collections::HashMap;

use cdoc2::{Curve, shown};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11},
    error::{Error, RvError},
    mechanism::{
        Mechanism, MechanismType,
        elliptic_curve::{EcKdf, Ecdh1DeriveParams},
        rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource, PkcsPssParams},
    },
    object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::{Slot, TokenInfo as Flags},
    types::AuthPin,
};
use zeroize::Zeroizing;

use super::{
    PinState, Result, TokenError, TokenInfo, padding,
    wire::{
        KeyName, Listed, Listing, MAX_CERTIFICATE, MAX_FIELD, MAX_OBJECTS, MAX_TOKENS, Object, ObjectKind, Operation,
    },
};
use crate::{SignatureAlgorithm, card::reset_card};

/// Length of SHA-256 in bytes.
const HASH: usize = 32;

/// A module that was loaded, with the tokens that are open.
pub(super) struct Loaded {
    module: Pkcs11,
    /// The tokens that were shown, by label and serial number: no other one gets a PIN.
    shown: HashMap<u64, [String; 2]>,
    open: HashMap<u64, Opened>,
}

struct Opened {
    session: Session,
    /// For keys that want it at each use.
    pin: Option<AuthPin>,
    /// Whether it failed in a way in which tokens fail that are gone.
    may_be_gone: bool,
}

impl Loaded {
    pub(super) fn load(path: &str) -> Result<Self> {
        let module = Pkcs11::new(path)?;
        let initialized = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        match initialized {
            // It cannot lock; nor is there a second thread that would use it.
            Err(Error::Pkcs11(RvError::CantLock | RvError::ArgumentsBad, _)) => {
                module.initialize(CInitializeArgs::new(CInitializeFlags::empty()))?;
            }
            Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            initialized => initialized?,
        }
        Ok(Self { module, shown: HashMap::new(), open: HashMap::new() })
    }

    /// Its tokens, or the one in a slot, and what is on them. Slots that are empty or blank take no place of others.
    pub(super) fn list(&mut self, only: Option<u64>) -> Result<Listing> {
        let mut slots = self.module.get_slots_with_token()?;
        slots.retain(|slot| only.is_none_or(|only| slot.id() == only));
        let mut left = slots.into_iter();
        let tokens: Vec<Listed> = left.by_ref().filter_map(|slot| self.look(slot)).take(MAX_TOKENS).collect();
        let named = |(info, _): &Listed| (info.slot, [info.label.clone(), info.serial.clone()]);
        self.shown = tokens.iter().map(named).collect();
        Ok(Listing { tokens, left_out: left.len() as u64 })
    }

    /// `None` for what nothing was ever put on.
    fn look(&self, slot: Slot) -> Option<Listed> {
        let place = self.module.get_slot_info(slot).map(|info| field(info.slot_description())).unwrap_or_default();
        let unknown = TokenInfo { slot: slot.id(), place, ..TokenInfo::default() };
        let flags = match self.module.get_token_info(slot) {
            Ok(flags) => flags,
            Err(Error::Pkcs11(RvError::TokenNotPresent | RvError::TokenNotRecognized, _)) => return None,
            Err(error) => return Some((unknown, Err(error.into()))),
        };
        let (agrees, decrypts) = self.abilities(slot);
        let info = TokenInfo {
            label: field(flags.label()),
            manufacturer: field(flags.manufacturer_id()),
            model: field(flags.model()),
            serial: field(flags.serial_number()),
            pin: pin_state(&flags),
            needs_no_pin: !flags.login_required(),
            has_pin_pad: flags.protected_authentication_path(),
            agrees,
            decrypts,
            ..unknown
        };
        let objects = self.objects(slot);
        let is_blank = !flags.token_initialized() && objects.as_ref().map_or(true, Vec::is_empty);
        (!is_blank).then_some((info, objects))
    }

    /// Whether it says that it can do ECDH, and RSA-OAEP or what that is made of. Where it says nothing, it is tried.
    fn abilities(&self, slot: Slot) -> (bool, bool) {
        let Ok(list) = self.module.get_mechanism_list(slot) else { return (true, true) };
        let has = |mechanism| list.contains(&mechanism);
        (has(MechanismType::ECDH1_DERIVE), has(MechanismType::RSA_PKCS_OAEP) || has(MechanismType::RSA_X_509))
    }

    fn objects(&self, slot: Slot) -> Result<Vec<Object>> {
        let session = self.module.open_ro_session(slot)?;
        let x509 = [Attribute::Class(ObjectClass::CERTIFICATE), Attribute::CertificateType(CertificateType::X_509)];
        let mut objects = Vec::new();
        for handle in found(&session, &x509)? {
            objects.extend(certificate(&session, handle));
        }
        for handle in found(&session, &[Attribute::Class(ObjectClass::PUBLIC_KEY)])? {
            objects.extend(public_key(&session, handle));
        }
        objects.truncate(MAX_OBJECTS);
        Ok(objects)
    }

    /// Logs in, unless the token's keys need no PIN, or one wrong PIN more would do harm.
    pub(super) fn log_in(&mut self, slot: u64, pin: Option<&str>, risk_last_try: bool) -> Result<()> {
        let id = Slot::try_from(slot)?;
        let flags = self.module.get_token_info(id)?;
        if self.shown.get(&slot) != Some(&[field(flags.label()), field(flags.serial_number())]) {
            return Err(TokenError::Removed);
        }
        // A session that was there before may have ended with its card.
        self.open.remove(&slot);
        let session = self.module.open_ro_session(id)?;
        let secret = pin.map(|pin| AuthPin::new(pin.into()));
        if flags.login_required() {
            match pin_state(&flags) {
                PinState::Blocked => return Err(TokenError::PinBlocked),
                PinState::MustChange => return Err(TokenError::PinChangeRequired),
                PinState::LastTry if !risk_last_try => return Err(TokenError::LastTry),
                _ => {}
            }
            match pin {
                Some(pin) => check_length(pin, &flags)?,
                None if flags.protected_authentication_path() => {}
                None => return Err(TokenError::NotLoggedIn),
            }
            match session.login(UserType::User, secret.as_ref()) {
                Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
                logged_in => logged_in.map_err(|error| match self.refused(id, error) {
                    // Nobody was asked at the reader.
                    TokenError::PinCancelled if pin.is_some() => {
                        TokenError::Failed("it cancels the login with the PIN that it was given".to_owned())
                    }
                    refused => refused,
                })?,
            }
        }
        self.open.insert(slot, Opened { session, pin: secret, may_be_gone: false });
        Ok(())
    }

    /// Why a PIN was refused, with what the token says of it now.
    fn refused(&self, slot: Slot, error: Error) -> TokenError {
        let state = || self.module.get_token_info(slot).map_or(PinState::Good, |flags| pin_state(&flags));
        match TokenError::from(error) {
            TokenError::PinIncorrect { .. } => match state() {
                PinState::Blocked => TokenError::PinBlocked,
                state => TokenError::PinIncorrect { last_try_next: state == PinState::LastTry },
            },
            error => error,
        }
    }

    /// Uses a key of a token that is open.
    pub(super) fn use_key(
        &mut self,
        slot: u64,
        key: KeyName<'_>,
        operation: Operation<'_>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let opened = self.open.get_mut(&slot).ok_or(TokenError::NotLoggedIn)?;
        let used = opened.use_key(key, operation);
        opened.may_be_gone = matches!(used, Err(TokenError::Removed | TokenError::Failed(_)));
        used
    }

    /// Logs out, and lets the module end. Not every module closes its card by that: what is in a reader is reset, so that no other
    /// program uses the key by this PIN.
    pub(super) fn end(mut self) {
        let mut places = Vec::new();
        for (slot, opened) in self.open.drain() {
            let _ = opened.session.logout();
            let info = Slot::try_from(slot).and_then(|slot| self.module.get_slot_info(slot));
            places.extend(info.map(|info| (info.slot_description().to_owned(), opened.may_be_gone)));
        }
        let _ = self.module.finalize();
        places.iter().for_each(|(place, may_be_gone)| reset_card(place, *may_be_gone));
    }
}

fn pin_state(flags: &Flags) -> PinState {
    if flags.user_pin_locked() {
        PinState::Blocked
    } else if flags.user_pin_to_be_changed() {
        PinState::MustChange
    } else if flags.user_pin_final_try() {
        PinState::LastTry
    } else if flags.user_pin_count_low() {
        PinState::Low
    } else {
        PinState::Good
    }
}

/// By the token's own word, as far as that makes sense.
fn check_length(pin: &str, flags: &Flags) -> Result<()> {
    let number = |length| u32::try_from(length).unwrap_or(u32::MAX);
    let (least, most) = (number(flags.min_pin_length()), number(flags.max_pin_length()));
    let length = number(pin.len());
    if most >= least && most > 0 && !(least..=most).contains(&length) {
        return Err(TokenError::PinLength { least, most });
    }
    Ok(())
}

fn field(text: &str) -> String {
    shown(text.trim_end_matches('\0'))
}

/// The first of the objects like this.
fn found(session: &Session, template: &[Attribute]) -> Result<Vec<ObjectHandle>> {
    let mut handles = Vec::new();
    for handle in session.iter_objects(template)?.take(MAX_OBJECTS) {
        handles.push(handle?);
    }
    Ok(handles)
}

/// `None` for one that is broken, or too large.
fn certificate(session: &Session, handle: ObjectHandle) -> Option<Object> {
    let wanted = [AttributeType::Id, AttributeType::Label, AttributeType::Value];
    let mut object = empty(ObjectKind::Certificate);
    for attribute in session.get_attributes(handle, &wanted).ok()? {
        match attribute {
            Attribute::Value(value) => object.first = value,
            other => object.named_by(other),
        }
    }
    (!object.first.is_empty() && object.first.len() <= MAX_CERTIFICATE).then_some(object)
}

fn public_key(session: &Session, handle: ObjectHandle) -> Option<Object> {
    let read = |wanted: &[AttributeType]| session.get_attributes(handle, wanted).ok();
    let kind = match read(&[AttributeType::KeyType])?.first()? {
        Attribute::KeyType(KeyType::EC) => ObjectKind::EcKey,
        Attribute::KeyType(KeyType::RSA) => ObjectKind::RsaKey,
        _ => return None,
    };
    let values = match kind {
        ObjectKind::EcKey => [AttributeType::EcParams, AttributeType::EcPoint],
        _ => [AttributeType::Modulus, AttributeType::PublicExponent],
    };
    let mut object = empty(kind);
    for attribute in read(&[&[AttributeType::Id, AttributeType::Label], &values[..]].concat())? {
        match attribute {
            Attribute::EcParams(value) | Attribute::Modulus(value) => object.first = value,
            Attribute::EcPoint(value) | Attribute::PublicExponent(value) => object.second = value,
            other => object.named_by(other),
        }
    }
    (object.first.len() <= MAX_FIELD && object.second.len() <= MAX_FIELD).then_some(object)
}

fn empty(kind: ObjectKind) -> Object {
    Object { kind, id: Vec::new(), label: String::new(), first: Vec::new(), second: Vec::new() }
}

impl Object {
    fn named_by(&mut self, attribute: Attribute) {
        match attribute {
            Attribute::Id(id) if id.len() <= MAX_FIELD => self.id = id,
            Attribute::Label(label) => self.label = field(&String::from_utf8_lossy(&label)),
            _ => {}
        }
    }
}

impl Opened {
    fn use_key(&self, key: KeyName<'_>, operation: Operation<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let handle = self.private_key(key)?;
        match operation {
            Operation::Agree { curve, point } => self.agree(handle, curve, point),
            Operation::Decrypt { ciphertext } => self.decrypt(handle, ciphertext),
            Operation::Sign { algorithm, hash } => self.sign(handle, algorithm, hash, key.modulus.len()),
        }
    }

    /// The private key of a certificate or public key: by its identifier, its modulus, or as the only one.
    fn private_key(&self, key: KeyName<'_>) -> Result<ObjectHandle> {
        let kind = if key.modulus.is_empty() { KeyType::EC } else { KeyType::RSA };
        let like = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(kind)];
        let with = |attribute| found(&self.session, &[&like[..], &[attribute]].concat());
        if !key.id.is_empty()
            && let Some(handle) = with(Attribute::Id(key.id.to_vec()))?.first()
        {
            return Ok(*handle);
        }
        if !key.modulus.is_empty()
            && let Some(handle) = with(Attribute::Modulus(key.modulus.to_vec()))?.first()
        {
            return Ok(*handle);
        }
        match found(&self.session, &like)?[..] {
            // Another identifier is another key's.
            [only] if key.id.is_empty() => Ok(only),
            _ => Err(TokenError::NoKey),
        }
    }

    /// Modules differ in how they take the point, and in whether they take a length.
    fn agree(&self, key: ObjectHandle, curve: Curve, point: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let length = curve.field_length();
        let short = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
            Attribute::Token(false),
            Attribute::Sensitive(false),
            Attribute::Extractable(true),
        ];
        let long = [&short[..], &[Attribute::ValueLen(length.try_into()?)]].concat();
        let in_der = octet_string(point);
        let attempts = [(point, &long[..]), (&in_der, &long), (point, &short), (&in_der, &short)];
        let derived = first_that_works(attempts, |(point, template)| {
            let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
            self.session.derive_key(&mechanism, key, template)
        })?;
        let secret = self.secret_value(derived);
        let _ = self.session.destroy_object(derived);
        left_padded(&secret?, length)
    }

    fn secret_value(&self, handle: ObjectHandle) -> Result<Zeroizing<Vec<u8>>> {
        let attributes = self.session.get_attributes(handle, &[AttributeType::Value])?;
        let value = attributes.into_iter().find_map(|attribute| match attribute {
            Attribute::Value(value) => Some(Zeroizing::new(value)),
            _ => None,
        });
        value.ok_or_else(|| TokenError::NoMechanism("it does not give the secret that it agreed on".to_owned()))
    }

    fn decrypt(&self, key: ObjectHandle, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let oaep = PkcsOaepParams::new(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, PkcsOaepSource::empty());
        match self.decrypted(&Mechanism::RsaPkcsOaep(oaep), key, ciphertext) {
            Err(error) if is_refusal(&error) => {
                let plain = self.decrypted(&Mechanism::RsaX509, key, ciphertext)?;
                padding::from_oaep(&left_padded(&plain, ciphertext.len())?).ok_or(TokenError::Rejected)
            }
            plain => Ok(plain?),
        }
    }

    fn decrypted(
        &self,
        mechanism: &Mechanism<'_>,
        key: ObjectHandle,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        if !self.wants_pin_again(key) {
            return self.session.decrypt(mechanism, key, ciphertext).map(Zeroizing::new);
        }
        self.session.decrypt_init(mechanism, key)?;
        self.session.login(UserType::ContextSpecific, self.pin.as_ref())?;
        let first = Zeroizing::new(self.session.decrypt_update(ciphertext)?);
        let rest = Zeroizing::new(self.session.decrypt_final()?);
        Ok(Zeroizing::new([&first[..], &rest[..]].concat()))
    }

    fn sign(
        &self,
        key: ObjectHandle,
        algorithm: SignatureAlgorithm,
        hash: &[u8],
        modulus: usize,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let signature = match algorithm {
            SignatureAlgorithm::RsaPkcs1Sha256 => self.signed(&Mechanism::RsaPkcs, key, &padding::digest_info(hash)),
            SignatureAlgorithm::RsaPssSha256 => {
                let pss = PkcsPssParams {
                    hash_alg: MechanismType::SHA256,
                    mgf: PkcsMgfType::MGF1_SHA256,
                    s_len: HASH.try_into()?,
                };
                match self.signed(&Mechanism::RsaPkcsPss(pss), key, hash) {
                    Err(error) if is_refusal(&error) => {
                        let salt = self.salt()?;
                        let encoded = padding::to_pss(hash, &salt, modulus).ok_or(TokenError::Rejected)?;
                        self.signed(&Mechanism::RsaX509, key, &encoded)
                    }
                    signature => signature,
                }
            }
            _ => self.signed(&Mechanism::Ecdsa, key, hash),
        };
        Ok(Zeroizing::new(signature?))
    }

    fn salt(&self) -> Result<[u8; HASH]> {
        let mut salt = [0; HASH];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| TokenError::Failed("no randomness".to_owned()))?;
        Ok(salt)
    }

    fn signed(&self, mechanism: &Mechanism<'_>, key: ObjectHandle, data: &[u8]) -> Result<Vec<u8>, Error> {
        if !self.wants_pin_again(key) {
            return self.session.sign(mechanism, key, data);
        }
        self.session.sign_init(mechanism, key)?;
        self.session.login(UserType::ContextSpecific, self.pin.as_ref())?;
        self.session.sign_update(data)?;
        self.session.sign_final()
    }

    /// Whether the key is opened for one use each time.
    fn wants_pin_again(&self, key: ObjectHandle) -> bool {
        let attributes = self.session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]);
        attributes.is_ok_and(|attributes| matches!(attributes[..], [Attribute::AlwaysAuthenticate(true)]))
    }
}

/// Tries one way after the other while they are refused as such; else the first refusal tells the most.
fn first_that_works<T, A>(
    attempts: impl IntoIterator<Item = A>,
    mut attempt: impl FnMut(A) -> Result<T, Error>,
) -> Result<T> {
    let mut first = None;
    for one in attempts {
        match attempt(one) {
            Err(error) if is_refusal(&error) => drop(first.get_or_insert(error)),
            result => return Ok(result?),
        }
    }
    Err(first.map_or(TokenError::Rejected, TokenError::from))
}

/// Whether a module refuses what it was given, so that another form of the same may do.
fn is_refusal(error: &Error) -> bool {
    use RvError::*;
    matches!(
        error,
        Error::Pkcs11(
            ArgumentsBad
                | AttributeReadOnly
                | AttributeTypeInvalid
                | AttributeValueInvalid
                | DataInvalid
                | DataLenRange
                | DeviceError
                | DomainParamsInvalid
                | FunctionFailed
                | FunctionNotSupported
                | FunctionRejected
                | GeneralError
                | KeyFunctionNotPermitted
                | KeyTypeInconsistent
                | MechanismInvalid
                | MechanismParamInvalid
                | PublicKeyInvalid
                | TemplateIncomplete
                | TemplateInconsistent,
            _
        )
    )
}

/// DER of an `OCTET STRING`, which a point is shorter than 256 bytes for.
fn octet_string(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let head = if length < 0x80 { vec![0x04, length] } else { vec![0x04, 0x81, length] };
    [&head, content].concat()
}

/// Some modules leave leading zeros out.
fn left_padded(bytes: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>> {
    let too_long = || TokenError::Misbehaved("what its key gives is too long".to_owned());
    let mut padded = Zeroizing::new(vec![0; length]);
    padded[length.checked_sub(bytes.len()).ok_or_else(too_long)?..].copy_from_slice(bytes);
    Ok(padded)
}

/// As the standard names it: `CKR_MECHANISM_INVALID`.
fn name_of(error: &RvError) -> String {
    if let RvError::VendorDefined(number) = error {
        return format!("an error of the module's own, {number:#010X}");
    }
    let mut name = "CKR".to_owned();
    for character in format!("{error:?}").chars() {
        if character.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        use RvError::*;
        let words = match &error {
            Error::Pkcs11(error, function) => format!("C_{function:?}: {}", name_of(error)),
            Error::LibraryLoading(cause) => shown(&cause.to_string()),
            Error::NullFunctionPointer => "it has no such function".to_owned(),
            error => shown(&error.to_string()),
        };
        match error {
            Error::LibraryLoading(_) | Error::MissingSymbol(_) => Self::NoModule(words),
            Error::NullFunctionPointer | Error::NotSupported => Self::NoMechanism(words),
            Error::Pkcs11(PinIncorrect | PinLenRange | PinInvalid, _) => Self::PinIncorrect { last_try_next: false },
            Error::Pkcs11(PinLocked, _) => Self::PinBlocked,
            Error::Pkcs11(PinExpired | UserPinNotInitialized, _) => Self::PinChangeRequired,
            Error::Pkcs11(FunctionCanceled | Cancel, Function::Login) => Self::PinCancelled,
            Error::Pkcs11(UserNotLoggedIn, _) => Self::NotLoggedIn,
            Error::Pkcs11(
                DeviceRemoved | TokenNotPresent | TokenNotRecognized | SlotIdInvalid | SessionHandleInvalid
                | SessionClosed,
                _,
            ) => Self::Removed,
            Error::Pkcs11(EncryptedDataInvalid | EncryptedDataLenRange, _) => Self::Rejected,
            Error::Pkcs11(
                MechanismInvalid
                | MechanismParamInvalid
                | FunctionNotSupported
                | KeyFunctionNotPermitted
                | KeyTypeInconsistent
                | CurveNotSupported
                | KeySizeRange,
                _,
            ) => Self::NoMechanism(words),
            Error::Pkcs11(..) => Self::Failed(words),
            _ => Self::Misbehaved(words),
        }
    }
}
