//! Whose a server is, compared as people read it.

use unicode_normalization::UnicodeNormalization;

/// Whose a server is: two are equal when people would take their names for one, whatever case, spaces, compatible forms or letters of
/// another script they are written in. It is for comparing alone, and never shown.
///
/// ```
/// use capsule_api::Owner;
///
/// assert_eq!(Owner::of("ee.ria"), Owner::of("EE. RI\u{410}"));
/// assert_ne!(Owner::of("ee.ria"), Owner::of("ee.sk"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(String);

impl Owner {
    /// The owner of this name.
    pub fn of(name: &str) -> Self {
        let folded = name.nfkc().flat_map(char::to_lowercase).nfkc();
        // The dot of `İ` is left over from its lower case, and is not seen above an `i`.
        let seen = folded.filter(|character| !character.is_whitespace() && *character != '\u{307}');
        Self(seen.map(look).collect())
    }

    /// For whoever compares elsewhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One character for all that look like it, in lower case or upper. Not all of Unicode's confusable characters (UTS 39), but those that keyboards
/// of Europe have.
fn look(character: char) -> char {
    match character {
        'а' | 'α' | 'ɑ' => 'a',
        'в' | 'β' => 'b',
        'с' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'н' | 'η' | 'հ' => 'h',
        // The capital of `i` looks like `l`.
        'i' | '1' | '|' | 'ı' | 'і' | 'ӏ' | 'ι' => 'l',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' | 'μ' => 'm',
        'ν' | 'ո' => 'n',
        '0' | 'о' | 'ο' | 'օ' => 'o',
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
        '‐'..='―' | '−' => '-',
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
        ] {
            assert_eq!(Owner::of(one), Owner::of(other), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("Küla", "Kula"), ("ee.ria", "ee.ppa"), ("hospital-2", "hospital-3")] {
            assert_ne!(Owner::of(one), Owner::of(other));
        }
    }
}
