//! The body of a capsule (key-capsules API, schema `Capsule`).

use base64ct::{Base64, Encoding};
use cdoc2::{Curve, EcPublicKey, PublicKey, RsaPublicKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::object::Object;

/// Bytes that a recipient's key has, decoded (key-capsules API, `recipient_id`).
pub const RECIPIENT_ID: std::ops::RangeInclusive<usize> = 65..=2100;
/// Most bytes of key material, decoded (key-capsules API, `ephemeral_key_material`).
pub const MAX_KEY_MATERIAL: usize = 2100;
/// Most bytes of a body: both values in base64, with room for the rest.
pub const MAX_BODY: usize = 8 << 10;

/// What kind of key a capsule is for, which decides its shape (key-capsules API, `capsule_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum CapsuleType {
    /// EC key on P-256.
    #[serde(rename = "ecc_secp256r1")]
    EcP256,
    /// EC key on P-384.
    #[serde(rename = "ecc_secp384r1")]
    EcP384,
    /// EC key on P-521.
    #[serde(rename = "ecc_secp521r1")]
    EcP521,
    /// RSA key of 2048 bits or more.
    #[serde(rename = "rsa")]
    Rsa,
}

impl CapsuleType {
    /// The type of a capsule for this key.
    pub fn of(key: &PublicKey) -> Self {
        match key {
            PublicKey::Ec(key) => match key.curve() {
                Curve::P256 => Self::EcP256,
                Curve::P384 => Self::EcP384,
                Curve::P521 => Self::EcP521,
            },
            PublicKey::Rsa(_) => Self::Rsa,
        }
    }

    fn curve(self) -> Option<Curve> {
        match self {
            Self::EcP256 => Some(Curve::P256),
            Self::EcP384 => Some(Curve::P384),
            Self::EcP521 => Some(Curve::P521),
            Self::Rsa => None,
        }
    }
}

/// A capsule that is well formed: both values have the lengths of their type, and every point is on its curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCapsule {
    recipient: PublicKey,
    key_material: Vec<u8>,
}

/// Why a body is no capsule; a server answers 400.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CapsuleError {
    /// More than [`MAX_BODY`] bytes.
    #[error("the body is larger than {MAX_BODY} bytes")]
    TooLarge,
    /// Not the JSON of a capsule: a member is missing, unknown, or stands twice.
    #[error("not the JSON of a capsule: {0}")]
    Json(#[source] serde_json::Error),
    /// A value is not canonical base64 with padding.
    #[error("{0} is not base64")]
    Base64(&'static str),
    /// The recipient's key has fewer bytes than 65 or more than 2100, or is none of its type.
    #[error("recipient_id is no key of this type")]
    Recipient,
    /// The key material is empty, has more than 2100 bytes, or is no point of the recipient's curve.
    #[error("ephemeral_key_material does not fit the capsule type")]
    KeyMaterial,
}

/// The members as they are sent, in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    recipient_id: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    ephemeral_key_material: std::borrow::Cow<'a, str>,
    capsule_type: CapsuleType,
}

impl NewCapsule {
    /// A capsule for `recipient`. EC: `key_material` is the sender's uncompressed point on the same curve; RSA: the encrypted KEK.
    ///
    /// # Errors
    /// [`CapsuleError::Recipient`] for an RSA key beyond the API's 2100 bytes; [`CapsuleError::KeyMaterial`].
    pub fn new(recipient: PublicKey, key_material: Vec<u8>) -> Result<Self, CapsuleError> {
        let this = Self { recipient, key_material };
        if !RECIPIENT_ID.contains(&this.recipient_id().len()) {
            return Err(CapsuleError::Recipient);
        }
        let fits = match &this.recipient {
            PublicKey::Ec(key) => EcPublicKey::from_point(key.curve(), &this.key_material).is_ok(),
            PublicKey::Rsa(_) => (1..=MAX_KEY_MATERIAL).contains(&this.key_material.len()),
        };
        if fits { Ok(this) } else { Err(CapsuleError::KeyMaterial) }
    }

    /// Reads a body. An RSA key must be the canonical DER of a PKCS#1 `RSAPublicKey`: another encoding of it would be stored here
    /// and never match the key of a certificate.
    ///
    /// # Errors
    /// [`CapsuleError`], for anything that is not exactly a capsule.
    pub fn parse(json: &[u8]) -> Result<Self, CapsuleError> {
        if json.len() > MAX_BODY {
            return Err(CapsuleError::TooLarge);
        }
        let Object::<Body<'_>>(body) = serde_json::from_slice(json).map_err(CapsuleError::Json)?;
        let decoded =
            |text: &str, name| Base64::decode_vec(text).map_err(|_: base64ct::Error| CapsuleError::Base64(name));
        let recipient_id = decoded(&body.recipient_id, "recipient_id")?;
        let recipient = match body.capsule_type.curve() {
            Some(curve) => EcPublicKey::from_point(curve, &recipient_id).map(PublicKey::Ec),
            None => RsaPublicKey::from_pkcs1_der(&recipient_id).map(PublicKey::Rsa),
        };
        Self::new(
            recipient.map_err(|_| CapsuleError::Recipient)?,
            decoded(&body.ephemeral_key_material, "ephemeral_key_material")?,
        )
    }

    /// The body: the members in the order of the API, without spaces. Equal capsules have equal bodies.
    pub fn to_json(&self) -> String {
        let body = Body {
            recipient_id: Base64::encode_string(self.recipient_id()).into(),
            ephemeral_key_material: Base64::encode_string(&self.key_material).into(),
            capsule_type: self.capsule_type(),
        };
        serde_json::to_string(&body).expect("texts and an enum are JSON")
    }

    /// Which kind of key it is for.
    pub fn capsule_type(&self) -> CapsuleType {
        CapsuleType::of(&self.recipient)
    }

    /// For whom it is.
    pub fn recipient(&self) -> &PublicKey {
        &self.recipient
    }

    /// The recipient's key as the API carries it. EC: uncompressed point of 65, 97 or 133 bytes; RSA: DER of the `RSAPublicKey`.
    pub fn recipient_id(&self) -> &[u8] {
        match &self.recipient {
            PublicKey::Ec(key) => key.point(),
            PublicKey::Rsa(key) => key.pkcs1_der(),
        }
    }

    /// EC: the sender's uncompressed point; RSA: the encrypted KEK.
    pub fn key_material(&self) -> &[u8] {
        &self.key_material
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The generator of a curve, times one and two: points that anybody can check.
    fn point(curve: Curve, twice: bool) -> Vec<u8> {
        macro_rules! of {
            ($curve:ident) => {{
                use $curve::elliptic_curve::sec1::ToSec1Point;
                let one = $curve::ProjectivePoint::GENERATOR;
                let point = if twice { one + one } else { one };
                point.to_affine().to_sec1_point(false).as_bytes().to_vec()
            }};
        }
        match curve {
            Curve::P256 => of!(p256),
            Curve::P384 => of!(p384),
            Curve::P521 => of!(p521),
        }
    }

    fn json(recipient: &[u8], material: &[u8], capsule_type: &str) -> String {
        serde_json::json!({
            "recipient_id": Base64::encode_string(recipient),
            "ephemeral_key_material": Base64::encode_string(material),
            "capsule_type": capsule_type,
        })
        .to_string()
    }

    /// DER of an `RSAPublicKey` with a modulus of `bytes` bytes that begins with `first`, and exponent 65537.
    fn rsa(bytes: usize, first: u8, padding: &[u8]) -> Vec<u8> {
        let mut modulus = vec![0x5b; bytes];
        (modulus[0], modulus[bytes - 1]) = (first, 0x01);
        let integer = |value: &[u8]| [&[0x02, 0x82], &(value.len() as u16).to_be_bytes()[..], value].concat();
        let content = [integer(&[padding, &modulus].concat()), vec![0x02, 0x03, 0x01, 0x00, 0x01]].concat();
        [&[0x30, 0x82], &(content.len() as u16).to_be_bytes()[..], &content].concat()
    }

    const EC: [(Curve, &str); 3] =
        [(Curve::P256, "ecc_secp256r1"), (Curve::P384, "ecc_secp384r1"), (Curve::P521, "ecc_secp521r1")];

    #[test]
    fn capsules_of_every_type_come_back_as_they_were_posted() {
        for (curve, name) in EC {
            let text = json(&point(curve, false), &point(curve, true), name);
            let capsule = NewCapsule::parse(text.as_bytes()).expect("a capsule");
            assert_eq!(capsule.recipient_id(), point(curve, false));
            assert_eq!(NewCapsule::parse(capsule.to_json().as_bytes()).expect("a capsule"), capsule);
        }
        let key = rsa(256, 0xb5, &[0]);
        let capsule = NewCapsule::parse(json(&key, &[7; 256], "rsa").as_bytes()).expect("a capsule");
        assert_eq!((capsule.capsule_type(), capsule.recipient_id()), (CapsuleType::Rsa, &key[..]));
    }

    #[test]
    fn a_point_must_be_on_the_curve_that_the_type_says() {
        let (one, two) = (point(Curve::P384, false), point(Curve::P384, true));
        let refused = |recipient: &[u8], material: &[u8], name| {
            NewCapsule::parse(json(recipient, material, name).as_bytes()).expect_err("refused")
        };
        let mut off = one.clone();
        off[50] ^= 1;
        let compressed = [&[0x02], &one[1..49]].concat();
        for recipient in [&off, &compressed, &one[..96].to_vec(), &vec![0; 97], &vec![0x04; 97]] {
            assert!(matches!(refused(recipient, &two, "ecc_secp384r1"), CapsuleError::Recipient));
            assert!(matches!(refused(&one, recipient, "ecc_secp384r1"), CapsuleError::KeyMaterial));
        }
        assert!(matches!(refused(&one, &two, "ecc_secp256r1"), CapsuleError::Recipient));
        assert!(matches!(refused(&one, &two, "rsa"), CapsuleError::Recipient));
        assert!(matches!(refused(&one, &point(Curve::P521, true), "ecc_secp384r1"), CapsuleError::KeyMaterial));
    }

    #[test]
    fn an_rsa_key_must_be_canonical_and_large_enough() {
        for (key, why) in [
            (rsa(128, 0xb5, &[0]), "1024 bits"),
            (rsa(256, 0x35, &[0]), "a needless zero byte"),
            (rsa(256, 0xb5, &[]), "a negative modulus"),
            ([rsa(256, 0xb5, &[0]), vec![0]].concat(), "a byte behind it"),
            (vec![0x30; 300], "no DER"),
        ] {
            let result = NewCapsule::parse(json(&key, &[7; 256], "rsa").as_bytes());
            assert!(matches!(result, Err(CapsuleError::Recipient)), "{why}");
        }
        let key = rsa(256, 0xb5, &[0]);
        for material in [vec![], vec![0; MAX_KEY_MATERIAL + 1]] {
            let result = NewCapsule::parse(json(&key, &material, "rsa").as_bytes());
            assert!(matches!(result, Err(CapsuleError::KeyMaterial)));
        }
    }

    #[test]
    fn the_json_is_exactly_a_capsule() {
        let (one, two) = (point(Curve::P256, false), point(Curve::P256, true));
        let whole = json(&one, &two, "ecc_secp256r1");
        let doubled = whole.replacen('{', r#"{"capsule_type":"ecc_secp256r1","#, 1);
        let more = whole.replacen('{', r#"{"extra":1,"#, 1);
        let values: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
        let list =
            serde_json::json!([values["recipient_id"], values["ephemeral_key_material"], values["capsule_type"]]);
        let (list, other) = (list.to_string(), json(&one, &two, "ecc_secp192r1"));
        for text in ["", "null", "[]", "{}", &list, &whole[1..], &doubled, &more, &other] {
            assert!(matches!(NewCapsule::parse(text.as_bytes()), Err(CapsuleError::Json(_))), "{text:.60}");
        }
        // No padding, a line break, and the alphabet of URLs.
        let values = |with| whole.replace(":\"B", with);
        for text in [whole.replace('=', ""), values(r#":"\nB"#), values(":\"-")] {
            assert!(matches!(NewCapsule::parse(text.as_bytes()), Err(CapsuleError::Base64(_))), "{text:.60}");
        }
        let long = format!("{whole}{}", " ".repeat(MAX_BODY));
        assert!(matches!(NewCapsule::parse(long.as_bytes()), Err(CapsuleError::TooLarge)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = NewCapsule::parse(&bytes);
            let _ = NewCapsule::parse(json(&bytes, &bytes, "rsa").as_bytes());
        }
    }
}
