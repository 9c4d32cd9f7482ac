//! ID-cards in readers: which are there, which one opens a container, and what goes wrong with them.

use cdoc2::{Error, Header, KeyError, Record};
use eid::{CardError, CardReader, HeldKeyError, IdCard, RecipientKey, Tries};
pub use eid::{CardWatch, Holder, Pin, SeenReader};
use serde::Serialize;

use crate::{
    failure::{Failure, Result},
    opening::{Key, for_key, for_person, key_id, person_of, recipients_in_short},
    recipients::{NewRecipient, initials, now},
    view::{
        CardStep, CardStepReport, Code, ErrorView, IdentityKind, IdentityView, ReaderReport, RecipientKind,
        RecipientWarning, SecretEntry, SecretView,
    },
};

/// A reader, and what is in it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderView {
    /// The reader's name.
    pub reader: String,
    /// What the card answered when it was put in, in hex.
    pub atr: Option<String>,
    /// The card, when it can be used.
    pub card: Option<CardView>,
    /// Why there is none to use.
    pub problem: Option<ErrorView>,
}

/// A card, as far as it shows itself without a PIN.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardView {
    /// The holder's name.
    pub holder: String,
    /// The holder's personal code.
    pub code: Option<String>,
    /// What document it is, by its certificate.
    pub document: RecipientKind,
    /// Who made it and when.
    pub model: String,
    /// The document's number, where the card tells it.
    pub document_number: Option<String>,
    /// The document's last day, where the card tells it.
    pub document_valid_until: Option<String>,
    /// End of the certificate's validity, unix seconds.
    pub valid_until: i64,
    /// What a sender, and the holder, should know of the certificate.
    pub warnings: Vec<RecipientWarning>,
    /// SHA-256 of the certificate in hex.
    pub certificate_sha256: String,
    /// Whether its reader takes the PIN itself.
    pub pin_pad: bool,
    /// Tries left of PIN1.
    pub tries_left: u8,
    /// Whether PIN1 has to be changed first.
    pub must_change_pin: bool,
}

impl CardView {
    fn new(card: &IdCard) -> Self {
        let certificate = &card.certificate;
        Self {
            holder: certificate.holder(),
            code: certificate.code().map(str::to_owned),
            document: certificate.document.into(),
            model: card.kind.to_string(),
            document_number: card.document.number.clone(),
            document_valid_until: card.document.valid_until.clone(),
            valid_until: certificate.not_after,
            warnings: certificate.warnings(now()).into_iter().map(RecipientWarning::from).collect(),
            certificate_sha256: certificate.sha256.clone(),
            pin_pad: card.has_pin_pad,
            tries_left: card.tries.left,
            must_change_pin: card.tries.must_change,
        }
    }

    /// Why its key cannot be used now, although it is one that is known.
    pub fn obstacle(&self) -> Option<Failure> {
        let error = match self.tries_left {
            0 => CardError::PinBlocked,
            _ if self.must_change_pin => CardError::PinChangeRequired,
            _ => return None,
        };
        Some(failure(&error))
    }
}

/// A card that is one of a container's recipients.
#[derive(Debug)]
pub struct FittingCard(IdCard);

impl FittingCard {
    /// What people see before they enter the PIN.
    pub fn view(&self) -> CardView {
        CardView::new(&self.0)
    }

    /// Whose card it is, and in which reader.
    pub fn holder(&self) -> Holder {
        self.0.holder()
    }

    /// Says whether a PIN can be asked for. With one try left, only with `risk_last_try`.
    ///
    /// # Errors
    /// [`Code::PinBlocked`], [`Code::PinChangeRequired`], [`Code::PinLastTry`].
    pub fn check(&self, risk_last_try: bool) -> Result<()> {
        let checked = match self.view().obstacle() {
            Some(obstacle) => Err(obstacle),
            None if self.0.tries.left == 1 && !risk_last_try => Err(failure(&CardError::LastTry)),
            None => Ok(()),
        };
        checked.map_err(|failure| failure.held_by(&self.holder()))
    }

    /// The card as a key at hand. The PIN is checked by the card when the key is used.
    ///
    /// # Errors
    /// [`Code::PinIncorrect`] without a number when it cannot be a PIN: the card is not asked then.
    pub fn into_key(self, pin: &str, risk_last_try: bool) -> Result<Key> {
        let wrong = |error: eid::PinError| Failure::new(Code::PinIncorrect, error.to_string()).held_by(&self.holder());
        let pin = Pin::new(pin).map_err(wrong)?;
        Ok(self.with_pin(pin, risk_last_try))
    }

    /// The same with a PIN that was taken already.
    pub fn with_pin(self, pin: Pin, risk_last_try: bool) -> Key {
        Key::Card(self.0.with_pin(pin, risk_last_try))
    }
}

impl FittingCard {
    /// The same where the reader takes the PIN itself: it asks for it when the key is used first.
    pub fn into_key_by_pad(self, risk_last_try: bool) -> Key {
        Key::Card(self.0.with_pin_pad(risk_last_try))
    }
}

fn look(reader: Option<&str>) -> Result<Vec<CardReader>> {
    eid::card_readers(reader).map_err(|error| failure(&error))
}

/// Looks into the readers, or into those whose name has `reader` in it; no PIN is asked for.
///
/// # Errors
/// [`Code::NoPcsc`], [`Code::NoReader`].
pub fn readers(reader: Option<&str>) -> Result<Vec<ReaderView>> {
    Ok(look(reader)?.into_iter().map(reader_view).collect())
}

fn reader_view(reader: CardReader) -> ReaderView {
    let (card, problem) = match &reader.card {
        Ok(card) => (Some(CardView::new(card)), None),
        Err(error) => (None, Some(failure(error).into_view())),
    };
    ReaderView { reader: reader.name, atr: reader.atr, card, problem }
}

/// The cards that are recipients of a container, at least one: first those whose PIN may be asked for at no risk, last those whose PIN is
/// blocked.
///
/// # Errors
/// [`Code::NotARecipient`], and whatever hides the card.
pub fn fitting(header: &Header, reader: Option<&str>) -> Result<Vec<FittingCard>> {
    let cards = usable(look(reader)?)?;
    let opens = |record: &Record, card: &IdCard| {
        for_key(record, &card.certificate.public_key) || for_person(record, &card.certificate.der)
    };
    let fits = |card: &IdCard| header.records().iter().any(|record| opens(record, card));
    let (mut fitting, others): (Vec<_>, Vec<_>) = cards.into_iter().partition(fits);
    if !fitting.is_empty() {
        fitting.sort_by_key(|card| match card.tries {
            Tries { left: 0, .. } => Readiness::Blocked,
            Tries { must_change: true, .. } => Readiness::ToBeChanged,
            Tries { left: 1, .. } => Readiness::LastTry,
            _ => Readiness::Good,
        });
        return Ok(fitting.into_iter().map(FittingCard).collect());
    }
    let holders: Vec<_> = others.iter().map(|card| card.certificate.holder()).collect();
    let words = format!("the card of {} is no recipient of this container", holders.join(", "));
    Err(Failure::new(Code::NotARecipient, words).with_names(recipients_in_short(header)))
}

/// How a PIN stands, the best first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Readiness {
    Good,
    LastTry,
    ToBeChanged,
    Blocked,
}

/// What a reader holds, to be remembered as long as it is in there.
pub(crate) struct Held {
    /// What people see of the reader.
    pub(crate) view: ReaderView,
    /// The key, and its certificate in DER.
    pub(crate) identity: Option<(IdentityView, Vec<u8>)>,
}

/// Looks into one reader; no PIN is asked for.
pub(crate) fn held_in(reader: &str) -> Result<Held> {
    let readers = look(Some(reader))?;
    let found = readers.into_iter().find(|found| found.name == reader).ok_or_else(|| failure(&CardError::Removed))?;
    let identity = found.card.as_ref().ok().map(|card| (identity(card), card.certificate.der.clone()));
    Ok(Held { view: reader_view(found), identity })
}

/// The card with this certificate in a reader.
///
/// # Errors
/// [`Code::CardRemoved`] when another one is there, and whatever hides the card.
pub(crate) fn with_certificate(reader: &str, sha256: &str) -> Result<FittingCard> {
    let mut cards = usable(look(Some(reader))?)?.into_iter();
    cards.find(|card| card.certificate.sha256 == sha256).map(FittingCard).ok_or_else(|| failure(&CardError::Removed))
}

fn identity(card: &IdCard) -> IdentityView {
    let CardView { holder, code, document, model, document_number, valid_until, warnings, certificate_sha256, .. } =
        CardView::new(card);
    IdentityView {
        id: certificate_sha256,
        kind: IdentityKind::Card,
        place: card.reader.clone(),
        key_id: key_id(&card.certificate.public_key),
        person: person_of(&card.certificate.der),
        initials: initials(&holder),
        holder,
        code,
        document,
        document_number,
        model,
        valid_until: Some(valid_until),
        warnings,
        secret: SecretView {
            least: Pin::LENGTHS.0,
            most: Pin::LENGTHS.1,
            tries_left: Some(card.tries.left),
            // The number says more.
            was_wrong: false,
            must_change: card.tries.must_change,
            entry: if card.has_pin_pad { SecretEntry::OnReader } else { SecretEntry::Typed },
        },
    }
}

/// Looks at each reader step by step, up to the first failure; no PIN is asked for.
///
/// # Errors
/// [`Code::NoPcsc`], [`Code::NoReader`].
pub fn reports() -> Result<Vec<ReaderReport>> {
    Ok(readers(None)?.into_iter().map(report).collect())
}

fn report(reader: ReaderView) -> ReaderReport {
    let step = |step, good, detail: &str, until| CardStepReport { step, good, detail: detail.to_owned(), until };
    let mut steps = vec![step(CardStep::Service, true, "", None)];
    if let Some(atr) = &reader.atr {
        steps.push(step(CardStep::Card, true, &format!("ATR {atr}"), None));
    }
    let problem = match (&reader.card, reader.problem) {
        (Some(card), _) => {
            let is_expired = card.warnings.contains(&RecipientWarning::Expired);
            let obstacle = card.obstacle();
            steps.push(step(CardStep::Application, true, &card.model, None));
            steps.push(step(CardStep::Holder, true, &card.holder, None));
            // It still opens what is encrypted for it; servers give it nothing.
            steps.push(step(CardStep::Certificate, !is_expired, "", Some(card.valid_until)));
            let tries = format!("tries left: {}", card.tries_left);
            steps.push(step(CardStep::Pin, obstacle.is_none(), &tries, None));
            obstacle.map(Failure::into_view)
        }
        (None, problem) => {
            let at = if reader.atr.is_some() { CardStep::Application } else { CardStep::Card };
            let detail = problem.as_ref().map_or("", |problem| &problem.detail);
            steps.push(step(at, false, detail, None));
            problem
        }
    };
    ReaderReport { reader: reader.reader, steps, problem }
}

/// The holders of the cards at hand, to be encrypted for.
///
/// # Errors
/// Whatever hides the card.
pub fn recipients(reader: Option<&str>) -> Result<Vec<NewRecipient>> {
    let mut recipients = Vec::new();
    for card in usable(look(reader)?)? {
        let keys = RecipientKey::read(&card.certificate.der, None)
            .map_err(|error| Failure::new(Code::RecipientUnusable, error.to_string()))?;
        recipients.extend(keys.into_iter().map(|key| NewRecipient::Key { file: "".into(), key: Box::new(key) }));
    }
    Ok(recipients)
}

/// The cards that can be used; when there are none, why: an empty reader is the last of the reasons.
fn usable(readers: Vec<CardReader>) -> Result<Vec<IdCard>> {
    let (mut cards, mut problem) = (Vec::new(), CardError::NoCard);
    for reader in readers {
        match reader.card {
            Ok(card) => cards.push(card),
            Err(error) if problem == CardError::NoCard => problem = error,
            Err(_) => {}
        }
    }
    if cards.is_empty() { Err(failure(&problem)) } else { Ok(cards) }
}

/// What went wrong with a card, in the terms of this crate.
pub(crate) fn failure(error: &CardError) -> Failure {
    let code = match error {
        CardError::NoService | CardError::NotPermitted => Code::NoPcsc,
        CardError::NoReader(_) => Code::NoReader,
        CardError::NoCard => Code::NoCard,
        CardError::Removed => Code::CardRemoved,
        CardError::PinIncorrect { .. } | CardError::PadRefused => Code::PinIncorrect,
        CardError::PadCancelled => Code::PinCancelled,
        CardError::PadTimedOut => Code::PinTimeout,
        CardError::LastTry => Code::PinLastTry,
        CardError::PinBlocked => Code::PinBlocked,
        CardError::PinChangeRequired => Code::PinChangeRequired,
        CardError::Busy | CardError::TimedOut | CardError::Reset | CardError::Service(_) => Code::CardBusy,
        // Unknown, or not what it says that it is.
        _ => Code::CardUnsupported,
    };
    let failure = Failure::new(code, error.to_string());
    match error {
        CardError::PinIncorrect { left } => failure.with_number(u64::from(*left)),
        CardError::LastTry => failure.with_number(1),
        CardError::NoReader(Some(name)) => failure.about(name),
        CardError::Unsupported { atr } => failure.about(atr),
        // Other words help than with their code alone.
        CardError::NotPermitted => failure.about("permission"),
        CardError::Mute => failure.about("mute"),
        _ => failure,
    }
}

/// What went wrong with a card's key, and whose it is.
pub(crate) fn failure_of(error: &HeldKeyError<CardError>) -> Failure {
    failure(&error.cause).held_by(&error.holder)
}

/// A card's or token's own failure behind one of opening, which may have come by way of a server's connection.
pub(crate) fn behind<T: std::error::Error + 'static>(error: &Error) -> Option<&HeldKeyError<T>> {
    let key: &KeyError = match error {
        Error::Key(key) => key,
        Error::Fetch(error) | Error::Deliver(error) => {
            match error.downcast_ref::<capsule_client::Error>()?.most_telling() {
                capsule_client::Error::Server { cause: capsule_client::Cause::Key(key), .. } => key,
                _ => return None,
            }
        }
        _ => return None,
    };
    match key {
        KeyError::Unusable(error) => error.downcast_ref(),
        KeyError::Rejected => None,
    }
}
