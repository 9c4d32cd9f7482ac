//! A card in use: its key opens containers and signs in to servers, for one PIN entry.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::{
    digest::{Digest, SHA384},
    signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey},
};
use cdoc2::{Curve, EcPublicKey, EcdhKey, KeyError, PublicKey, SharedSecret};
use zeroize::Zeroizing;

use super::{
    CardError, IdCard, Pin, Result,
    application::{Application, DECIPHER, FIELD},
    pad::ENTERING,
    pin::Entry,
    service::{Line, bounded},
    transport::Talk,
};
use crate::{Authenticator, Holder, SignatureAlgorithm};

/// How long one use of the key may take. Cards need a second, and other programs may be before us.
const USING: Duration = Duration::from_secs(20);
/// The card does not take what is given to it: wrong data.
const WRONG_DATA: u16 = 0x6A80;

/// The key of a card, with the PIN that opens it.
///
/// The PIN is verified at the first use and not again while the card stays open; a PIN that was wrong is never sent
/// twice. When the last copy is dropped, the PIN is wiped and the card is closed.
#[derive(Clone)]
pub struct CardKey {
    /// How long one use may take.
    limit: Duration,
    in_use: Arc<Mutex<InUse>>,
    holder: Holder,
    agreement_key: EcPublicKey,
    public_key: PublicKey,
    certificates: Vec<Vec<u8>>,
}

impl IdCard {
    /// Whose card it is, and where.
    pub fn holder(&self) -> Holder {
        Holder::new(self.certificate.holder(), &self.reader)
    }

    /// The card's key, to be used with this PIN. Nothing is sent yet. When one wrong PIN more would block it, it is used
    /// only with `risk_last_try`.
    pub fn with_pin(self, pin: Pin, risk_last_try: bool) -> CardKey {
        self.with(Entry::Typed(pin), risk_last_try)
    }

    /// The same where [`IdCard::has_pin_pad`]: the reader asks for the PIN when the key is used first.
    pub fn with_pin_pad(self, risk_last_try: bool) -> CardKey {
        self.with(Entry::OnReader, risk_last_try)
    }

    fn with(self, pin: Entry, risk_last_try: bool) -> CardKey {
        let limit = match pin {
            Entry::Typed(_) => USING,
            // Nobody needs it for each digit.
            Entry::OnReader => USING + 2 * ENTERING,
        };
        CardKey {
            limit,
            holder: self.holder(),
            agreement_key: self.key,
            public_key: self.certificate.public_key,
            certificates: vec![self.certificate.der],
            in_use: Arc::new(Mutex::new(InUse {
                line: self.line,
                unlocking: Unlocking { pin, risk_last_try, refusal: None },
            })),
        }
    }
}

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardKey").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

struct InUse {
    line: Line,
    unlocking: Unlocking,
}

/// What opens the card, and whether that failed.
pub(super) struct Unlocking {
    pub(super) pin: Entry,
    pub(super) risk_last_try: bool,
    /// Why the PIN is not sent again.
    pub(super) refusal: Option<CardError>,
}

/// A use of the key.
type Use = dyn Fn(&dyn Application, &mut Talk<'_>) -> Result<Zeroizing<Vec<u8>>> + Send;

impl CardKey {
    /// One use at a time; of several at once, each waits for the one before it.
    fn perform(&self, use_key: Box<Use>) -> Result<Zeroizing<Vec<u8>>> {
        let in_use = Arc::clone(&self.in_use);
        bounded(self.limit, move || {
            let InUse { line, unlocking } = &mut *in_use.lock().unwrap_or_else(PoisonError::into_inner);
            line.transact(|application, talk, is_open| unlocking.perform(application, talk, is_open, &*use_key))
        })
    }
}

impl Unlocking {
    /// Uses the key; where the card is not open yet, or another program has closed it or gone elsewhere on it, from the beginning.
    pub(super) fn perform(
        &mut self,
        application: &dyn Application,
        talk: &mut Talk<'_>,
        is_open: &mut bool,
        use_key: &Use,
    ) -> Result<Zeroizing<Vec<u8>>> {
        if *is_open {
            match use_key(application, talk) {
                Err(CardError::Refused { .. }) => *is_open = false,
                result => return result,
            }
        }
        self.open(application, talk)?;
        *is_open = true;
        use_key(application, talk)
    }

    fn open(&mut self, application: &dyn Application, talk: &mut Talk<'_>) -> Result<()> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        application.begin(talk)?;
        let tries = application.tries(talk)?;
        match tries.left {
            0 => return Err(CardError::PinBlocked),
            _ if tries.must_change => return Err(CardError::PinChangeRequired),
            1 if !self.risk_last_try => return Err(CardError::LastTry),
            _ => {}
        }
        application.approach_key(talk)?;
        application.verify(talk, &self.pin).map_err(|error| {
            // Without a clear answer the try may be lost, too. It is not for a program to risk another one.
            let error = if error == CardError::Reset { CardError::Busy } else { error };
            self.refusal = Some(error.clone());
            error
        })
    }
}

impl EcdhKey for CardKey {
    fn public_key(&self) -> &EcPublicKey {
        &self.agreement_key
    }

    fn agree(&self, peer: &EcPublicKey) -> Result<SharedSecret, KeyError> {
        if peer.curve() != Curve::P384 {
            return Err(KeyError::Rejected);
        }
        let point = peer.point().to_vec();
        match self.perform(Box::new(move |application, talk| application.agree(talk, &point))) {
            Ok(mut secret) => Ok(SharedSecret::new(std::mem::take(&mut secret))),
            // Another command that is refused so says nothing of the point.
            Err(CardError::Refused { command: DECIPHER, status: WRONG_DATA }) => Err(KeyError::Rejected),
            Err(error) => Err(self.holder.failed(error)),
        }
    }
}

impl Authenticator for CardKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    fn sign_hash(&self, algorithm: SignatureAlgorithm, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        if algorithm != SignatureAlgorithm::EcdsaP384Sha384 || hash.len() != FIELD {
            return Err(KeyError::Rejected);
        }
        let own = hash.to_vec();
        let signature = self.perform(Box::new(move |application, talk| application.sign(talk, &own)));
        let signature = signature.map_err(|error| self.holder.failed(error))?;
        // Else a server would be blamed for what the card did.
        let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, self.agreement_key.point());
        let digest = Digest::import_less_safe(hash, &SHA384).map_err(|_| KeyError::Rejected)?;
        if key.verify_digest(&digest, &signature).is_err() {
            let (command, what) = ("signing", "its signature is not of its key");
            return Err(self.holder.failed(CardError::Misbehaved { command, what }));
        }
        Ok(signature.to_vec())
    }
}
