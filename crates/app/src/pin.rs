//! A PIN as it is typed, before it is known whether a card or a token gets it.

use eid::{Pin, TokenPin};

use crate::{
    failure::{Failure, Result},
    tokens,
    view::Code,
};

/// What was typed, in one buffer, which is wiped when dropped.
pub struct TypedPin(Typed);

enum Typed {
    /// It can be a card's PIN, and a token's.
    Digits(Pin),
    /// It can be a token's, if it is any.
    Other(Option<TokenPin>),
}

impl TypedPin {
    /// Takes what was typed.
    pub fn new(text: &str) -> Self {
        Self(Pin::new(text).map_or_else(|_| Typed::Other(TokenPin::new(text)), Typed::Digits))
    }

    /// # Errors
    /// [`Code::PinIncorrect`] without a number when it cannot be a card's PIN: no card is asked then.
    pub(crate) fn for_card(self) -> Result<Pin> {
        match self.0 {
            Typed::Digits(pin) => Ok(pin),
            Typed::Other(_) => Err(Failure::new(Code::PinIncorrect, eid::PinError.to_string())),
        }
    }

    /// # Errors
    /// The same for tokens, which take whatever they say that they take.
    pub(crate) fn for_token(self) -> Result<TokenPin> {
        match self.0 {
            Typed::Digits(pin) => Ok(pin.into()),
            Typed::Other(pin) => pin.ok_or_else(tokens::no_pin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pin_is_told_before_a_card_is_asked_and_without_repeating_it() {
        assert!(TypedPin::new("1234").for_card().is_ok() && TypedPin::new("123456789012").for_card().is_ok());
        for text in ["", "987", "9876543210123", "98 76", "９８７６"] {
            let failure = TypedPin::new(text).for_card().err().expect("no PIN").into_view();
            assert_eq!((failure.code, failure.number), (Code::PinIncorrect, None), "{text}");
            assert!(text.is_empty() || !failure.detail.contains(text));
        }
    }

    #[test]
    fn a_token_decides_itself_what_its_pin_is() {
        for text in ["1", "1234", "9876543210123", "correct horse", "õ"] {
            assert!(TypedPin::new(text).for_token().is_ok(), "{text}");
        }
        for text in ["", &"9".repeat(256)] {
            let failure = TypedPin::new(text).for_token().err().expect("no PIN").into_view();
            assert_eq!((failure.code, failure.subject.as_deref()), (Code::PinIncorrect, Some("token")));
        }
    }
}
