//! Key labels: what a record says in the open about whom it is for (CDOC2 specification, "Key label recommendations").
//!
//! A label is free text, or `data:,KEY=value&KEY=value` with form-encoded values. Anybody can write anything into it: it is shown to people,
//! after cleaning, and never decides what opens a record. Parsing never fails.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::archive::is_invisible;

/// What form encoding leaves as it is, beside letters, digits and `+` for a space.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');
/// Fields of a label that are looked at.
const MAX_FIELDS: usize = 64;
/// Bytes of a label that are looked at.
const MAX_LENGTH: usize = 64 << 10;
/// Characters of a name that are shown.
const MAX_SHOWN: usize = 200;

/// A key label, parsed or to be written.
///
/// ```
/// use cdoc2::{Label, LabelKind};
///
/// let label = Label::parse("data:,LABEL=the+usual+one&TYPE=pw&V=1");
/// assert_eq!(label.kind(), LabelKind::Password);
/// assert_eq!(label.hint().as_deref(), Some("the usual one"));
/// assert_eq!(Label::password("the usual one").to_string(), "data:,LABEL=the+usual+one&TYPE=pw&V=1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Upper-case keys.
    fields: BTreeMap<String, String>,
    /// The whole label, when it is no `data:` label.
    text: Option<String>,
}

/// What a label says its record is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabelKind {
    /// An Estonian ID-card.
    IdCard,
    /// A Digi-ID.
    DigiId,
    /// A Digi-ID of an e-resident.
    DigiIdEResident,
    /// A certificate file.
    Certificate,
    /// A public key file.
    PublicKey,
    /// A symmetric key.
    Secret,
    /// A password.
    Password,
    /// Key shares.
    Auth,
    /// Another `TYPE`.
    Other(String),
    /// Free text.
    Plain,
}

impl LabelKind {
    const KNOWN: [(Self, &'static str); 8] = [
        (Self::IdCard, "ID-card"),
        (Self::DigiId, "Digi-ID"),
        (Self::DigiIdEResident, "Digi-ID E-RESIDENT"),
        (Self::Certificate, "cert"),
        (Self::PublicKey, "pub_key"),
        (Self::Secret, "secret"),
        (Self::Password, "pw"),
        (Self::Auth, "auth"),
    ];

    fn from_name(name: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        known.map_or_else(|| Self::Other(name.to_owned()), |(kind, _)| kind)
    }

    fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            Self::Plain => "",
            kind => Self::KNOWN.iter().find(|(known, _)| known == kind).map_or("", |(_, name)| name),
        }
    }
}

impl Label {
    fn new<'a>(kind: LabelKind, fields: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let given = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        let always = [("TYPE".to_owned(), kind.name().to_owned()), ("V".to_owned(), "1".to_owned())];
        Self { fields: given.chain(always).collect(), text: None }
    }

    /// For a person's ID-card or Digi-ID, from the fields of the certificate's subject.
    pub fn eid(
        kind: LabelKind,
        common_name: &str,
        serial_number: &str,
        last_name: Option<&str>,
        first_name: Option<&str>,
    ) -> Self {
        Self::new(
            kind,
            [
                ("CN", Some(common_name)),
                ("SERIAL_NUMBER", Some(serial_number)),
                ("LAST_NAME", last_name),
                ("FIRST_NAME", first_name),
            ],
        )
    }

    /// For a certificate file; `sha1` is the hex digest of its DER.
    pub fn certificate(file: Option<&str>, common_name: &str, sha1: &str) -> Self {
        Self::new(LabelKind::Certificate, [("FILE", file), ("CN", Some(common_name)), ("CERT_SHA1", Some(sha1))])
    }

    /// For a public key file.
    pub fn public_key(file: Option<&str>, label: Option<&str>) -> Self {
        Self::new(LabelKind::PublicKey, [("FILE", file), ("LABEL", label)])
    }

    /// For a symmetric key.
    pub fn secret(label: &str, file: Option<&str>) -> Self {
        Self::new(LabelKind::Secret, [("LABEL", Some(label)), ("FILE", file)])
    }

    /// For a password; everybody can read the hint.
    pub fn password(hint: &str) -> Self {
        Self::new(LabelKind::Password, [("LABEL", Some(hint))])
    }

    /// For key shares of a person, an ETSI identifier such as `etsi/PNOEE-48010010101`.
    pub fn auth(recipient_id: &str) -> Self {
        Self::new(LabelKind::Auth, [("SN", Some(recipient_id))])
    }

    /// Until when a server keeps the capsule, in unix seconds.
    #[must_use]
    pub fn with_server_expiry(mut self, expiry: i64) -> Self {
        self.fields.insert("SERVER_EXP".to_owned(), expiry.to_string());
        self
    }

    /// Reads any label. What cannot be understood is text.
    pub fn parse(label: &str) -> Self {
        let label = cut(label, MAX_LENGTH);
        let plain = || Self { fields: BTreeMap::new(), text: Some(label.to_owned()) };
        let Some(data) = label.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:")).map(|_| &label[5..])
        else {
            return plain();
        };
        // Old writers left the comma out; then a media type there is none either.
        let (media_type, data) = data.split_once(',').unwrap_or(("", data));
        let data = if media_type.to_ascii_lowercase().ends_with(";base64") {
            match from_base64(data) {
                Some(data) => Cow::Owned(data),
                None => return plain(),
            }
        } else {
            Cow::Borrowed(data)
        };
        let fields = data.split('&').take(MAX_FIELDS).filter(|field| !field.is_empty()).map(|field| {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            (unescaped(key).to_uppercase(), unescaped(value))
        });
        Self { fields: fields.collect(), text: None }
    }

    fn field(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What the record is for, as the label says.
    pub fn kind(&self) -> LabelKind {
        if self.text.is_some() { LabelKind::Plain } else { LabelKind::from_name(self.field("TYPE").unwrap_or("")) }
    }

    /// Who the record is for, in words that are safe to show, of at most 200 characters. Empty when the label says nothing.
    pub fn display_name(&self) -> String {
        let name = match (self.field("FIRST_NAME"), self.field("LAST_NAME")) {
            (Some(first), Some(last)) => Cow::Owned(format!("{} {}", capitalised(first), capitalised(last))),
            (Some(name), None) | (None, Some(name)) => Cow::Owned(capitalised(name)),
            (None, None) => self.name_from_other_fields(),
        };
        shown(&name)
    }

    fn name_from_other_fields(&self) -> Cow<'_, str> {
        if let Some(text) = &self.text {
            return Cow::Borrowed(text);
        }
        if let Some(name) = self.field("CN") {
            // An ID-card's common name is `LAST NAME,FIRST NAME,PERSONAL CODE`.
            let parts: Vec<_> = name.split(',').map(str::trim).collect();
            return match parts[..] {
                [last, first, code] if is_personal_code(code) => {
                    Cow::Owned(format!("{} {}", capitalised(first), capitalised(last)))
                }
                _ => Cow::Borrowed(name),
            };
        }
        let other = ["LABEL", "FILE"].into_iter().find_map(|key| self.field(key));
        Cow::Borrowed(other.or_else(|| self.personal_code()).unwrap_or(""))
    }

    /// Personal or registry code without its prefix, such as `48010010101`.
    pub fn personal_code(&self) -> Option<&str> {
        let code = self.field("SERIAL_NUMBER").or_else(|| self.field("SN"))?;
        let code = code.strip_prefix("etsi/").unwrap_or(code);
        let code = code.split_once('-').map_or(code, |(_, code)| code);
        Some(code).filter(|code| code.len() <= 32 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    }

    /// Until when a server keeps the capsule, in unix seconds.
    pub fn server_expiry(&self) -> Option<i64> {
        self.field("SERVER_EXP")?.parse().ok()
    }

    /// The hint of a password, safe to show.
    pub fn hint(&self) -> Option<String> {
        (self.kind() == LabelKind::Password).then(|| shown(self.field("LABEL").unwrap_or(""))).filter(|h| !h.is_empty())
    }

    /// Whether the label, written `raw` in the record, is the one that a person calls `name`.
    pub fn is_named(&self, raw: &str, name: &str) -> bool {
        raw == name || self.field("LABEL") == Some(name)
    }
}

impl fmt::Display for Label {
    /// The label as it stands in a record.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        f.write_str("data:")?;
        for (index, (key, value)) in self.fields.iter().enumerate() {
            let before = if index == 0 { ',' } else { '&' };
            write!(f, "{before}{}={}", escaped(key), escaped(value))?;
        }
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string().replace(' ', "+")
}

fn unescaped(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// At most `length` bytes of `text`, whole characters.
fn cut(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

/// Standard or URL-safe base64, padded or not.
fn from_base64(text: &str) -> Option<String> {
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() / 4 * 3), 0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_personal_code(code: &str) -> bool {
    code.len() == 11 && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// `JAAK-KRISTJAN` becomes `Jaak-Kristjan`; names that are not all capitals stay.
fn capitalised(name: &str) -> String {
    if name.chars().any(char::is_lowercase) {
        return name.to_owned();
    }
    let mut start = true;
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        if start {
            out.push(character);
        } else {
            out.extend(character.to_lowercase());
        }
        start = !character.is_alphanumeric() && character != '\'' && character != '’';
    }
    out
}

/// Text from a stranger, fit to be shown in one line: no controls, nothing that reorders or hides, at most 200 characters.
///
/// ```
/// assert_eq!(cdoc2::shown("server\u{1b}[2J\nname"), "server [2J name");
/// ```
pub fn shown(text: &str) -> String {
    let harmless = |character: char| if is_deceptive(character) { ' ' } else { character };
    let clean: String = text.chars().take(4 * MAX_SHOWN).map(harmless).collect();
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_SHOWN {
        return words;
    }
    words.chars().take(MAX_SHOWN - 1).chain(['…']).collect()
}

/// A file name or path from a stranger, fit to be shown in one line: what [`shown`] leaves out is a `\u{fffd}` each, so that
/// it is seen that something is there. Nothing is cut, since the end of a name tells the kind of file.
///
/// ```
/// assert_eq!(cdoc2::shown_name("invoice\u{202e}fdp.exe"), "invoice\u{fffd}fdp.exe");
/// ```
pub fn shown_name(name: &str) -> String {
    let harmless = |character: char| if is_deceptive(character) { '\u{fffd}' } else { character };
    name.chars().map(harmless).collect()
}

/// Whether all of a text is seen as it stands: it is not blank, and holds no control, no space but the plain one, and nothing that hides or
/// reorders.
///
/// ```
/// assert!(cdoc2::is_seen_as_written("Hospital A") && !cdoc2::is_seen_as_written("Hospital\u{200b} A"));
/// ```
pub fn is_seen_as_written(text: &str) -> bool {
    let seen = |character: char| character == ' ' || !is_deceptive(character) && !is_invisible(character);
    !text.trim().is_empty() && text.chars().all(seen)
}

/// Whether a character is a control, or reorders or hides text: line separators, noncharacters, and General Category Cf but for the few signs
/// of it that are seen, such as the Arabic number sign.
///
/// ```
/// assert!(cdoc2::is_deceptive('\u{200b}') && !cdoc2::is_deceptive('\u{600}'));
/// ```
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_what_others_write() {
        assert_eq!(Label::password("passwordlabel").to_string(), "data:,LABEL=passwordlabel&TYPE=pw&V=1");
        assert_eq!(Label::public_key(Some("rsa_pub.pem"), None).to_string(), "data:,FILE=rsa_pub.pem&TYPE=pub_key&V=1");
        assert_eq!(
            Label::auth("etsi/PNOEE-30303039914").to_string(),
            "data:,SN=etsi%2FPNOEE-30303039914&TYPE=auth&V=1"
        );
        assert_eq!(Label::password("a ~õ").to_string(), "data:,LABEL=a+%7E%C3%B5&TYPE=pw&V=1");
    }

    #[test]
    fn reads_what_others_write_in_every_form() {
        let forms = [
            "data:,LABEL=x+y&TYPE=pw&V=1",
            "data:v=1&type=PW&label=x%20y",
            "DATA:text/plain,type=pw&label=x+y&flag&=",
            "data:;base64,TEFCRUw9eCt5JlRZUEU9cHcmVj0x",
            "data:application/x-www-form-urlencoded;base64,TEFCRUw9eCt5JlRZUEU9cHcmVj0x",
        ];
        for form in forms {
            let label = Label::parse(form);
            assert_eq!((label.kind(), label.hint().as_deref()), (LabelKind::Password, Some("x y")), "{form}");
        }
    }

    #[test]
    fn says_who_a_record_is_for() {
        let eid = Label::eid(
            LabelKind::IdCard,
            "JÕEORG,JAAK-KRISTJAN,38001085718",
            "PNOEE-38001085718",
            Some("JÕEORG"),
            Some("JAAK-KRISTJAN"),
        );
        assert_eq!(eid.display_name(), "Jaak-Kristjan Jõeorg");
        assert_eq!(eid.personal_code(), Some("38001085718"));
        let only_name = Label::parse("data:,CN=J%C3%95EORG%2CJAAK%2C38001085718&TYPE=ID-card");
        assert_eq!(only_name.display_name(), "Jaak Jõeorg");
        assert_eq!(Label::parse("Bob's key").display_name(), "Bob's key");
        assert_eq!(Label::auth("etsi/PNOEE-30303039914").display_name(), "30303039914");
        assert_eq!(Label::parse("data:,SERVER_EXP=1900000000&TYPE=cert").server_expiry(), Some(1_900_000_000));
    }

    #[test]
    fn shows_nothing_that_deceives() {
        let label = Label::parse("data:,LABEL=exe.%E2%80%AEfdp%0Aline&TYPE=secret");
        assert_eq!(label.display_name(), "exe. fdp line");
        assert!(Label::parse(&"x".repeat(1 << 20)).display_name().chars().count() <= MAX_SHOWN);
    }

    proptest! {
        #[test]
        fn parsing_never_fails(text in ".*") {
            let label = Label::parse(&text);
            let _ = (label.display_name(), label.kind(), label.personal_code(), label.hint());
            let _ = Label::parse(&format!("data:{text}"));
            let _ = Label::parse(&format!("data:;base64,{text}"));
        }

        #[test]
        fn what_is_written_is_read(hint in ".+") {
            prop_assert_eq!(Label::parse(&Label::password(&hint).to_string()), Label::password(&hint));
        }
    }
}
