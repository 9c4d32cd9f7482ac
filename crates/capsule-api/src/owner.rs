//! Whose a server is, compared as people read it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Whose a server is: two are equal when people would take their names for one, whatever case, spaces, punctuation, accents, compatible forms or
/// letters of another script they are written in. It is for comparing alone, and never shown.
///
/// ```
/// use capsule_api::Owner;
///
/// assert_eq!(Owner::of("ee.ria"), Owner::of("EE RI\u{410}"));
/// assert_ne!(Owner::of("ee.ria"), Owner::of("ee.sk"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(String);

impl Owner {
    /// The owner of this name.
    pub fn of(name: &str) -> Self {
        let folded = || name.nfkc().flat_map(char::to_lowercase).nfkd();
        let counts = |character: &char| character.is_alphanumeric() || LIKE_LETTERS.contains(character);
        let seen: String = folded().filter(|it| counts(it) && !is_combining_mark(*it)).map(look).collect();
        // A name without a letter is what it is.
        if seen.is_empty() { Self(folded().collect()) } else { Self(PAIRS.into_iter().fold(seen, joined)) }
    }

    /// For whoever compares elsewhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is no letter, and looks like one.
const LIKE_LETTERS: [char; 1] = ['|'];
/// Letters that look like one when they stand together, and that one.
const PAIRS: [(&str, &str); 2] = [("rn", "m"), ("vv", "w")];

fn joined(text: String, (pair, one): (&str, &str)) -> String {
    text.replace(pair, one)
}

/// One character for all that look like it, in lower case or upper. Not all of Unicode's confusable characters (UTS 39), but those that keyboards
/// of Europe have.
fn look(character: char) -> char {
    match character {
        'а' | 'α' | 'ɑ' => 'a',
        'в' | 'β' => 'b',
        'с' => 'c',
        'ԁ' | 'đ' => 'd',
        'е' | 'ε' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'н' | 'η' | 'հ' | 'ħ' => 'h',
        // The capital of `i` looks like `l`.
        'i' | '1' | '|' | 'ı' | 'і' | 'ӏ' | 'ι' | 'ł' => 'l',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' | 'μ' => 'm',
        'ν' | 'ո' => 'n',
        '0' | 'о' | 'ο' | 'օ' | 'ø' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'ս' => 'u',
        'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'υ' => 'y',
        'ζ' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_of_one_owner() {
        for (one, other) in [
            ("Hospital A", "hospital a"),
            ("Hospital A", " Hospital\u{a0} A "),
            ("Hospital A", "Hospital Ａ"),
            ("RIA", "RlA"),
            ("RIA", "R1A"),
            ("RIA", "RİA"),
            ("ria", "ri\u{307}a"),
            ("PIA", "РІА"),
            ("Оrg", "Org"),
            ("ΗΜ", "HM"),
            ("õ", "o\u{303}"),
            ("a-b", "a‑b"),
            ("ee.ria", "eeria"),
            ("ee.ria", "ee-ria"),
            ("Ria (EE)", "RIA EE"),
            ("Küla", "Kula"),
            ("Łódź", "Lodz"),
            ("Tromsø", "Tromso"),
            ("modern", "modem"),
            ("rnodern", "modem"),
            ("VV", "w"),
        ] {
            assert_eq!(Owner::of(one), Owner::of(other), "{one} {other}");
        }
        for (one, other) in [
            ("a", "b"),
            ("ee.ria", "ee.ppa"),
            ("hospital-2", "hospital-3"),
            ("Tartu", "Tapa"),
            ("—", "…"),
            ("北", "京"),
        ] {
            assert_ne!(Owner::of(one), Owner::of(other));
        }
    }
}
