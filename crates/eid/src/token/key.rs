//! Modules, tokens, and a token in use: its keys open containers and sign in to servers, for one PIN entry.

use std::{
    fmt,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::{
    digest::{Digest, SHA256, SHA384, SHA512},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use cdoc2::{DecryptionKey, EcPublicKey, EcdhKey, KeyError, PublicKey, RsaKey, RsaPublicKey, SharedSecret, shown};
use der::{
    Decode, Encode, Sequence,
    asn1::{ObjectIdentifier, OctetStringRef, UintRef},
};
use zeroize::Zeroizing;

use super::{
    PinState, Result, TokenError, TokenInfo, TokenPin, known,
    process::Helper,
    wire::{KeyName, Listing, Object, ObjectKind, Operation, Request, read_answer, read_listing},
};
use crate::{Authenticator, Certificate, Holder, SignatureAlgorithm, file::issuers};

/// How long loading a module, and looking at its tokens, may take.
const LOOKING: Duration = Duration::from_secs(10);
/// How long one use of a key, or checking a PIN, may take.
const USING: Duration = Duration::from_secs(20);
/// How often a PIN that was right is sent for one use, because the token has forgotten that: another program may have reset it.
const LOG_INS: usize = 2;
/// How long a person has to enter a PIN at the reader.
const ENTERING: Duration = Duration::from_secs(75);

/// A PKCS#11 module, in a process of its own, which ends with the last of the module, its tokens and keys.
pub struct Module {
    path: PathBuf,
    helper: Arc<Helper>,
}

impl Module {
    /// Loads a module. A bare name of one that is installed where modules usually are will do.
    ///
    /// # Errors
    /// [`TokenError::NoModule`], [`TokenError::Crashed`], [`TokenError::TimedOut`]; [`TokenError::NoHelper`] for a program that does not
    /// begin with [`serve_modules`](crate::serve_modules).
    pub fn open(path: &Path) -> Result<Self> {
        let path = found(path)?;
        let text = path.to_str().ok_or_else(|| TokenError::NoModule("its path is not UTF-8".to_owned()))?;
        let helper = Helper::start()?;
        read_answer(&helper.ask(&Request::Load { path: text }, LOOKING)?)?;
        Ok(Self { helper: Arc::new(helper), path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its tokens, or the one in a slot, and what they show without a PIN.
    ///
    /// # Errors
    /// Whatever the module says; what is wrong with one token stands beside it.
    pub fn tokens(&self, slot: Option<u64>) -> Result<Tokens> {
        let Listing { tokens, left_out } = read_listing(&self.helper.ask(&Request::List { slot }, LOOKING)?)?;
        let token = |(info, objects): (TokenInfo, Result<Vec<Object>>)| Token {
            module: self.path.clone(),
            info,
            identities: objects.map(identities),
            helper: Arc::clone(&self.helper),
        };
        let mut tokens: Vec<Token> = tokens.into_iter().map(token).collect();
        leave_out_repeated(&mut tokens);
        Ok(Tokens { tokens, left_out })
    }
}

/// The tokens of a module.
#[derive(Debug)]
pub struct Tokens {
    /// Those that were looked at, at most 16.
    pub tokens: Vec<Token>,
    /// How many more slots there are, which were not looked at.
    pub left_out: u64,
}

/// A card with several PINs is one token for each, and may show all of its certificates on each: a key is behind the first.
fn leave_out_repeated(tokens: &mut [Token]) {
    for at in 1..tokens.len() {
        let (before, rest) = tokens.split_at_mut(at);
        let (token, info) = (&mut rest[0].identities, &rest[0].info);
        let of_one_card = before.iter().filter(|other| !info.serial.is_empty() && other.info.serial == info.serial);
        let known: Vec<_> = of_one_card.filter_map(|other| other.identities.as_ref().ok()).flatten().collect();
        if let Ok(identities) = token {
            identities.retain(|own| known.iter().all(|other| other.public_key != own.public_key));
        }
    }
}

/// A path that was given, or the known module of that name; never a file that the system's loader would look for.
fn found(path: &Path) -> Result<PathBuf> {
    let problem = match path.metadata() {
        Ok(file) if file.is_file() => {
            return path.canonicalize().map_err(|error| TokenError::NoModule(error.to_string()));
        }
        Ok(file) if file.is_dir() => "it is a folder".to_owned(),
        Ok(_) => "it is no regular file, but a device, a pipe or a socket".to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => "there is no such file".to_owned(),
        Err(error) => error.to_string(),
    };
    let named = |known: &PathBuf| known.file_name() == Some(path.as_os_str());
    known::known_modules().into_iter().find(named).ok_or(TokenError::NoModule(problem))
}

/// A token in a slot, as far as it shows itself without a PIN.
pub struct Token {
    /// The module that it was found by.
    pub module: PathBuf,
    /// What it tells of itself.
    pub info: TokenInfo,
    /// Whose keys are on it, or why that cannot be told. Some tokens tell of keys without certificate only after the PIN.
    pub identities: Result<Vec<TokenIdentity>>,
    helper: Arc<Helper>,
}

/// A key on a token, by its public half.
#[derive(Clone, Debug)]
pub struct TokenIdentity {
    /// What the token calls it.
    pub label: String,
    /// Its certificate, when that is there.
    pub certificate: Option<Certificate>,
    /// The key.
    pub public_key: PublicKey,
    id: Vec<u8>,
    /// Authorities above the certificate that are on the token, the nearest first, in DER.
    issuers: Vec<Vec<u8>>,
}

impl TokenIdentity {
    /// The holder's name, or what the token calls the key.
    pub fn holder(&self) -> String {
        self.certificate.as_ref().map_or_else(|| shown(&self.label), Certificate::holder)
    }

    /// The key's algorithm in the field's terms: `P-384`, `RSA 2048`.
    pub fn algorithm(&self) -> String {
        crate::recipient::algorithm(&self.public_key)
    }
}

/// Certificates whose keys may do more than sign documents, and public keys without certificate; no authorities above them.
fn identities(objects: Vec<Object>) -> Vec<TokenIdentity> {
    let (certificates, keys): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| object.kind == ObjectKind::Certificate);
    let certificates: Vec<(Object, Certificate)> = certificates
        .into_iter()
        .filter_map(|object| Certificate::from_trusted_der(&object.first).ok().map(|read| (object, read)))
        .collect();
    let all: Vec<_> = certificates.iter().map(|(_, certificate)| certificate.clone()).collect();
    let mut found: Vec<TokenIdentity> = Vec::new();
    for (object, certificate) in certificates {
        let is_known = found.iter().any(|other| other.public_key == certificate.public_key);
        if is_known || only_signs_documents(&certificate) || all.iter().any(|other| certificate.issued(other)) {
            continue;
        }
        found.push(TokenIdentity {
            label: object.label,
            id: object.id,
            public_key: certificate.public_key.clone(),
            issuers: issuers(&certificate, &all),
            certificate: Some(certificate),
        });
    }
    for object in keys {
        let Some(public_key) = public_key(&object) else { continue };
        // Keys of certificates that were left out above are left out here.
        let is_known = found.iter().any(|other| other.public_key == public_key)
            || all.iter().any(|certificate| certificate.public_key == public_key);
        if !is_known {
            let Object { label, id, .. } = object;
            found.push(TokenIdentity { label, id, public_key, certificate: None, issuers: Vec::new() });
        }
    }
    found
}

/// Such keys have another PIN, and neither open containers nor sign in.
fn only_signs_documents(certificate: &Certificate) -> bool {
    let usage = certificate.key_usage;
    usage.non_repudiation && !(usage.digital_signature || usage.key_agreement || usage.key_encipherment)
}

fn public_key(object: &Object) -> Option<PublicKey> {
    match object.kind {
        ObjectKind::Certificate => None,
        ObjectKind::EcKey => {
            let curve = crate::public::curve(ObjectIdentifier::from_der(&object.first).ok()?)?;
            let point = if object.second.len() == curve.point_length() {
                &object.second[..]
            } else {
                <&OctetStringRef>::from_der(&object.second).ok()?.as_bytes()
            };
            EcPublicKey::from_sec1(curve, point).ok().map(PublicKey::Ec)
        }
        ObjectKind::RsaKey => {
            #[derive(Sequence)]
            struct Numbers<'a> {
                modulus: UintRef<'a>,
                exponent: UintRef<'a>,
            }
            let modulus = UintRef::new(&object.first).ok()?;
            let numbers = Numbers { modulus, exponent: UintRef::new(&object.second).ok()? };
            RsaPublicKey::from_pkcs1_der(&numbers.to_der().ok()?).ok().map(PublicKey::Rsa)
        }
    }
}

impl Token {
    /// Says whether the token can do what opening with this key takes, before anybody is asked for a PIN.
    ///
    /// # Errors
    /// [`TokenError::NoMechanism`].
    pub fn can_open_with(&self, identity: &TokenIdentity) -> Result<()> {
        let (can, what) = match identity.public_key {
            PublicKey::Ec(_) => (self.info.agrees, "ECDH (CKM_ECDH1_DERIVE)"),
            PublicKey::Rsa(_) => (self.info.decrypts, "RSA-OAEP (CKM_RSA_PKCS_OAEP)"),
        };
        if can { Ok(()) } else { Err(TokenError::NoMechanism(format!("it has no {what}"))) }
    }

    /// Whose key it is, and on which token.
    pub fn holder(&self, identity: &TokenIdentity) -> Holder {
        Holder::new(identity.holder(), &self.info.label)
    }

    /// Says whether the PIN can be asked for. With one try left, only with `risk_last_try`.
    ///
    /// # Errors
    /// [`TokenError::PinBlocked`], [`TokenError::PinChangeRequired`], [`TokenError::LastTry`].
    pub fn ready(&self, risk_last_try: bool) -> Result<()> {
        match self.info.pin {
            _ if self.info.needs_no_pin => Ok(()),
            PinState::Blocked => Err(TokenError::PinBlocked),
            PinState::MustChange => Err(TokenError::PinChangeRequired),
            PinState::LastTry if !risk_last_try => Err(TokenError::LastTry),
            _ => Ok(()),
        }
    }

    /// The token's keys, to be used with this PIN; without one where it is entered at the reader, or not needed. Nothing is sent yet.
    /// When one wrong PIN more would block it, it is used only with `risk_last_try`.
    pub fn with_pin(self, pin: Option<TokenPin>, risk_last_try: bool) -> Vec<TokenKey> {
        let holders: Vec<_> = self.identities.iter().flatten().map(|identity| self.holder(identity)).collect();
        let in_use = Arc::new(InUse {
            helper: self.helper,
            slot: self.info.slot,
            place: self.info.place,
            has_pin_pad: self.info.has_pin_pad,
            unlocking: Mutex::new(Unlocking { pin, risk_last_try, is_open: false, refusal: None }),
        });
        let key = |(identity, holder): (TokenIdentity, Holder)| TokenKey::new(&in_use, identity, holder);
        self.identities.unwrap_or_default().into_iter().zip(holders).map(key).collect()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("module", &self.module).field("info", &self.info).finish_non_exhaustive()
    }
}

/// A token that keys are used of.
struct InUse {
    helper: Arc<Helper>,
    slot: u64,
    place: String,
    has_pin_pad: bool,
    /// One use at a time.
    unlocking: Mutex<Unlocking>,
}

struct Unlocking {
    pin: Option<TokenPin>,
    risk_last_try: bool,
    is_open: bool,
    /// Why the PIN is not sent again.
    refusal: Option<TokenError>,
}

impl InUse {
    /// Uses a key. The PIN is sent at the first use, and again only when it was right and the token has forgotten that.
    fn perform(&self, key: KeyName<'_>, operation: Operation<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let mut unlocking = self.unlocking.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..LOG_INS {
            if !unlocking.is_open {
                self.open(&mut unlocking)?;
            }
            match self.ask(&Request::Use { slot: self.slot, key, operation }, USING) {
                Err(TokenError::NotLoggedIn) => unlocking.is_open = false,
                Err(error @ (TokenError::PinIncorrect { .. } | TokenError::PinBlocked)) => {
                    unlocking.is_open = false;
                    unlocking.refusal = Some(error.clone());
                    return Err(error);
                }
                result => return result,
            }
        }
        Err(TokenError::NotLoggedIn)
    }

    fn open(&self, unlocking: &mut Unlocking) -> Result<()> {
        if let Some(refusal) = &unlocking.refusal {
            return Err(refusal.clone());
        }
        let (pin, risk_last_try) = (unlocking.pin.as_ref().map(TokenPin::as_str), unlocking.risk_last_try);
        let limit = if pin.is_none() && self.has_pin_pad { ENTERING } else { USING };
        self.helper.opens(&self.place);
        let opened = self.ask(&Request::LogIn { slot: self.slot, pin, risk_last_try }, limit);
        match opened {
            Ok(_) => unlocking.is_open = true,
            // Whatever it is: it is not for a program to risk another try.
            Err(error) => {
                unlocking.refusal = Some(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    fn ask(&self, request: &Request<'_>, limit: Duration) -> Result<Zeroizing<Vec<u8>>> {
        read_answer(&self.helper.ask(request, limit)?)
    }
}

/// A key of a token, with the PIN that opens it.
///
/// The PIN is sent at the first use of any of the token's keys and not again while the token stays open; a PIN that was refused is
/// never sent twice. When the last copy is dropped, the PIN is wiped, the token logged out and the module ended.
#[derive(Clone)]
pub struct TokenKey {
    half: Half,
    public_key: PublicKey,
    certificates: Vec<Vec<u8>>,
}

#[derive(Clone)]
enum Half {
    Ec(TokenEcKey),
    Rsa(TokenRsaKey),
}

#[derive(Clone)]
struct TokenEcKey {
    in_use: Arc<InUse>,
    holder: Holder,
    id: Vec<u8>,
    public: EcPublicKey,
}

#[derive(Clone)]
struct TokenRsaKey {
    in_use: Arc<InUse>,
    holder: Holder,
    id: Vec<u8>,
    modulus: Vec<u8>,
    public: RsaPublicKey,
}

impl TokenKey {
    fn new(in_use: &Arc<InUse>, identity: TokenIdentity, holder: Holder) -> Self {
        let TokenIdentity { public_key, certificate, id, issuers, .. } = identity;
        let in_use = Arc::clone(in_use);
        let half = match &public_key {
            PublicKey::Ec(public) => Half::Ec(TokenEcKey { in_use, holder, id, public: public.clone() }),
            PublicKey::Rsa(public) => {
                Half::Rsa(TokenRsaKey { in_use, holder, id, modulus: modulus(public), public: public.clone() })
            }
        };
        let own = certificate.map(|certificate| certificate.der);
        Self { half, public_key, certificates: own.into_iter().chain(issuers).collect() }
    }

    /// The key, as the container's keyring takes it.
    pub fn decryption_key(&self) -> DecryptionKey<'_> {
        match &self.half {
            Half::Ec(key) => DecryptionKey::Ec(key),
            Half::Rsa(key) => DecryptionKey::Rsa(key),
        }
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Whether the token holds its certificate, without which servers give it nothing.
    pub fn is_certified(&self) -> bool {
        !self.certificates.is_empty()
    }

    /// Takes the certificate of the key from a file, when the token has none; says whether it stands there.
    pub fn certify(&mut self, file: &[u8]) -> bool {
        let chain = crate::file::chain(file, &self.public_key);
        let stands = !chain.is_empty();
        if self.certificates.is_empty() {
            self.certificates = chain;
        }
        stands
    }

    fn perform(&self, operation: Operation<'_>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match &self.half {
            Half::Ec(key) => key.perform(operation),
            Half::Rsa(key) => key.perform(operation),
        }
    }

    fn holder(&self) -> &Holder {
        match &self.half {
            Half::Ec(key) => &key.holder,
            Half::Rsa(key) => &key.holder,
        }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

fn modulus(key: &RsaPublicKey) -> Vec<u8> {
    let read = crate::asn1::sequence(key.pkcs1_der(), |reader| Ok(UintRef::decode(reader)?.as_bytes().to_vec()));
    read.expect("it was read before")
}

impl TokenEcKey {
    fn perform(&self, operation: Operation<'_>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let name = KeyName { id: &self.id, modulus: &[] };
        self.in_use.perform(name, operation).map_err(|error| failed(&self.holder, error))
    }
}

impl TokenRsaKey {
    fn perform(&self, operation: Operation<'_>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let name = KeyName { id: &self.id, modulus: &self.modulus };
        self.in_use.perform(name, operation).map_err(|error| failed(&self.holder, error))
    }
}

fn failed(holder: &Holder, error: TokenError) -> KeyError {
    match error {
        TokenError::Rejected => KeyError::Rejected,
        error => holder.failed(error),
    }
}

impl EcdhKey for TokenEcKey {
    fn public_key(&self) -> &EcPublicKey {
        &self.public
    }

    fn agree(&self, peer: &EcPublicKey) -> Result<SharedSecret, KeyError> {
        let curve = self.public.curve();
        if peer.curve() != curve {
            return Err(KeyError::Rejected);
        }
        let operation = Operation::Agree { curve, point: peer.point() };
        let mut secret = self.perform(operation)?;
        if secret.len() != curve.field_length() {
            return Err(self.holder.failed(TokenError::Misbehaved("a secret of another length".to_owned())));
        }
        Ok(SharedSecret::new(std::mem::take(&mut secret)))
    }
}

impl RsaKey for TokenRsaKey {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public
    }

    fn decrypt_oaep(&self, ciphertext: &[u8]) -> Result<SharedSecret, KeyError> {
        if ciphertext.len() != self.modulus.len() {
            return Err(KeyError::Rejected);
        }
        let mut secret = self.perform(Operation::Decrypt { ciphertext })?;
        Ok(SharedSecret::new(std::mem::take(&mut secret)))
    }
}

impl Authenticator for TokenKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        let fits = [SignatureAlgorithm::of(&self.public_key), SignatureAlgorithm::of_ticket(&self.public_key)];
        if !fits.contains(&algorithm) {
            return Err(KeyError::Rejected);
        }
        let signature = self.perform(Operation::Sign { algorithm, hash })?;
        // Else a server would be blamed for what the token did.
        if !self.is_signed(algorithm, hash, &signature) {
            let words = "a signature that is not of its key".to_owned();
            return Err(self.holder().failed(TokenError::Misbehaved(words)));
        }
        Ok(signature.to_vec())
    }
}

impl TokenKey {
    fn is_signed(&self, algorithm: SignatureAlgorithm, hash: &[u8], signature: &[u8]) -> bool {
        let (verification, hashing): (&dyn VerificationAlgorithm, _) = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => (&ECDSA_P256_SHA256_FIXED, &SHA256),
            SignatureAlgorithm::EcdsaP384Sha384 => (&ECDSA_P384_SHA384_FIXED, &SHA384),
            SignatureAlgorithm::EcdsaP521Sha512 => (&ECDSA_P521_SHA512_FIXED, &SHA512),
            SignatureAlgorithm::RsaPssSha256 => (&RSA_PSS_2048_8192_SHA256, &SHA256),
            SignatureAlgorithm::RsaPkcs1Sha256 => (&RSA_PKCS1_2048_8192_SHA256, &SHA256),
        };
        let key = match &self.public_key {
            PublicKey::Ec(key) => key.point(),
            PublicKey::Rsa(key) => key.pkcs1_der(),
        };
        let Ok(digest) = Digest::import_less_safe(hash, hashing) else { return false };
        UnparsedPublicKey::new(verification, key).verify_digest(&digest, signature).is_ok()
    }
}
