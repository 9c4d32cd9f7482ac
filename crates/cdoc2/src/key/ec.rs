//! Points of the three curves, and the sender's half of ECDH.

use elliptic_curve::{
    CurveArithmetic, FieldBytesSize, Generate, PublicKey,
    ecdh::EphemeralSecret,
    sec1::{FromSec1Point, ModulusSize, ToSec1Point},
};

use super::{PublicKeyError, SharedSecret};

/// The format's curves (CDOC2 header schema, `EllipticCurve`, with the values deployed beside secp384r1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// P-256, secp256r1.
    P256,
    /// P-384, secp384r1: the curve of Estonian ID-cards.
    P384,
    /// P-521, secp521r1.
    P521,
}

impl Curve {
    /// Length of a coordinate in bytes: 32, 48 or 66.
    pub const fn field_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Length of an uncompressed point in bytes: 65, 97 or 133.
    pub const fn point_length(self) -> usize {
        1 + 2 * self.field_length()
    }

    /// The curve's name in SEC 2: `secp256r1`, `secp384r1`, `secp521r1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "secp256r1",
            Self::P384 => "secp384r1",
            Self::P521 => "secp521r1",
        }
    }
}

/// A point known to be on its curve and not infinity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EcPublicKey {
    curve: Curve,
    point: Vec<u8>,
}

impl EcPublicKey {
    /// Reads an uncompressed point, `04 | X | Y`, of exactly [`Curve::point_length`] bytes.
    ///
    /// # Errors
    /// [`PublicKeyError`] when it is another encoding or not a point of the curve.
    pub fn from_point(curve: Curve, point: &[u8]) -> Result<Self, PublicKeyError> {
        if point.len() != curve.point_length() || point[0] != 0x04 {
            return Err(PublicKeyError::PointEncoding);
        }
        let on_curve = match curve {
            Curve::P256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
            Curve::P384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
            Curve::P521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
        };
        if !on_curve {
            return Err(PublicKeyError::NotOnCurve);
        }
        Ok(Self { curve, point: point.to_vec() })
    }

    /// Reads a point in any encoding of SEC 1, compressed or not, as certificates may hold it.
    ///
    /// # Errors
    /// [`PublicKeyError`] when it is not a point of the curve.
    pub fn from_sec1(curve: Curve, point: &[u8]) -> Result<Self, PublicKeyError> {
        fn uncompressed<C>(point: &[u8]) -> Option<Vec<u8>>
        where
            C: CurveArithmetic,
            FieldBytesSize<C>: ModulusSize,
            C::AffinePoint: FromSec1Point<C> + ToSec1Point<C>,
        {
            let key = PublicKey::<C>::from_sec1_bytes(point).ok()?;
            Some(key.to_sec1_point(false).as_bytes().to_vec())
        }
        let point = match curve {
            Curve::P256 => uncompressed::<p256::NistP256>(point),
            Curve::P384 => uncompressed::<p384::NistP384>(point),
            Curve::P521 => uncompressed::<p521::NistP521>(point),
        };
        Ok(Self { curve, point: point.ok_or(PublicKeyError::NotOnCurve)? })
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The uncompressed point.
    pub fn point(&self) -> &[u8] {
        &self.point
    }
}

/// Makes a one-time key on the recipient's curve: its public half, and the secret it shares with the recipient.
pub(crate) fn ephemeral_agreement(recipient: &EcPublicKey) -> (EcPublicKey, SharedSecret) {
    match recipient.curve {
        Curve::P256 => agreement_on::<p256::NistP256>(recipient),
        Curve::P384 => agreement_on::<p384::NistP384>(recipient),
        Curve::P521 => agreement_on::<p521::NistP521>(recipient),
    }
}

fn agreement_on<C>(recipient: &EcPublicKey) -> (EcPublicKey, SharedSecret)
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    C::AffinePoint: FromSec1Point<C> + ToSec1Point<C>,
{
    let peer = PublicKey::<C>::from_sec1_bytes(&recipient.point).expect("checked when the key was made");
    let secret = EphemeralSecret::<C>::generate();
    let sender = secret.public_key().to_sec1_point(false);
    let shared = secret.diffie_hellman(&peer);
    (
        EcPublicKey { curve: recipient.curve, point: sender.as_bytes().to_vec() },
        SharedSecret::new(shared.raw_secret_bytes().to_vec()),
    )
}
