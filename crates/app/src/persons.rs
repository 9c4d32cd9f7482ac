//! Persons by their code: recipients of key shares, who need no certificate.

pub use capsule_api::PersonId;
use cdoc2::shown;

use crate::{
    failure::{Failure, Result},
    view::Code,
};

/// Begins the serial number of an Estonian person's certificates (ETSI EN 319 412-1).
const ESTONIAN: &str = "PNOEE-";
/// Digits of an Estonian personal code.
const DIGITS: usize = 11;

/// Reads a personal code: `38001085718`, or with its country as certificates have it, `PNOEE-38001085718`. Of an Estonian one the check digit
/// must be right.
///
/// # Errors
/// [`Code::PersonalCodeWrong`].
///
/// ```
/// let person = app::persons::parse("PNOEE-38001085718")?;
/// assert_eq!(person.as_str(), "etsi/PNOEE-38001085718");
/// assert!(app::persons::parse("38001085719").is_err());
/// # Ok::<(), app::Failure>(())
/// ```
pub fn parse(text: &str) -> Result<PersonId> {
    let text = text.trim();
    let plain = text.strip_prefix("etsi/").unwrap_or(text).to_uppercase();
    let number = if is_digits(&plain) { format!("{ESTONIAN}{plain}") } else { plain };
    let wrong =
        |words: &str| Failure::new(Code::PersonalCodeWrong, format!("{}: {words}", shown(text))).about(shown(text));
    if let Some(code) = number.strip_prefix(ESTONIAN) {
        if code.len() != DIGITS || !is_digits(code) {
            return Err(wrong("an Estonian personal code has 11 digits"));
        }
        if !has_right_check_digit(code) {
            return Err(wrong("its last digit does not fit the others; one of them is mistyped"));
        }
    }
    PersonId::parse(&format!("etsi/{number}"))
        .ok_or_else(|| wrong("write a personal code as 38001085718 or PNOEE-38001085718"))
}

/// The code alone, for people.
pub(crate) fn code(person: &PersonId) -> &str {
    let number = person.as_str();
    number.split_once('-').map_or(number, |(_, code)| code)
}

/// As it stands in certificates, `PNOEE-38001085718`.
pub(crate) fn number(person: &PersonId) -> &str {
    person.as_str().split_once('/').map_or(person.as_str(), |(_, number)| number)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Weighed sums modulo 11, the second when the first leaves 10; what leaves 10 twice ends in 0.
fn has_right_check_digit(code: &str) -> bool {
    let digits: Vec<u32> = code.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let (Some(first), Some(last)) = (digits.first(), digits.last()) else { return false };
    let rest = |begin: u32| {
        let weights = (begin..=9).chain(1..);
        digits.iter().take(DIGITS - 1).zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11
    };
    let expected = match (rest(1), rest(3)) {
        (10, 10) => 0,
        (10, second) => second,
        (first, _) => first,
    };
    (1..=8).contains(first) && *last == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_counts_when_its_check_digit_is_right() {
        for (text, person) in [
            ("38001085718", "etsi/PNOEE-38001085718"),
            (" 60001019906 ", "etsi/PNOEE-60001019906"),
            ("pnoee-38001085718", "etsi/PNOEE-38001085718"),
            ("etsi/PNOEE-30303039914", "etsi/PNOEE-30303039914"),
            // The first sum leaves 10; then both.
            ("49001010093", "etsi/PNOEE-49001010093"),
            ("49001010580", "etsi/PNOEE-49001010580"),
            ("PNOLV-010101-10006", "etsi/PNOLV-010101-10006"),
        ] {
            assert_eq!(parse(text).map(|person| person.as_str().to_owned()).ok().as_deref(), Some(person), "{text}");
        }
        for text in [
            "",
            "38001085717",
            "30801085718",
            "48010010101",
            "3800108571",
            "380010857180",
            "98001085712",
            "PNOEE-3800108571X",
            "PNOEE-",
            "PNOEE38001085718",
            "Mari Maasikas",
            "etsi/",
            "PNOLV-0101/10006",
            "３８００１０８５７１８",
        ] {
            assert_eq!(parse(text).map_err(|failure| failure.code()), Err(Code::PersonalCodeWrong), "{text}");
        }
    }

    /// Not of every code: a sum that leaves 10 gives way to another.
    #[test]
    fn a_mistyped_digit_is_found() {
        let right = "60001019906";
        for position in 0..right.len() {
            for digit in '0'..='9' {
                let mut text = right.to_owned();
                text.replace_range(position..=position, &digit.to_string());
                assert_eq!(parse(&text).is_ok(), text == right, "{text}");
            }
        }
    }
}
