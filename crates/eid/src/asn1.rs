//! What the readers of DER share: sequences whose later fields do not matter, and object identifiers of any size.

use der::{Decode, Reader, SliceReader, Tag, Tagged, asn1::AnyRef};

/// Reads the first fields of a DER `SEQUENCE`.
pub(crate) fn sequence<'a, T>(
    der: &'a [u8],
    read: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<T> {
    fields(AnyRef::from_der(der)?, read)
}

/// Reads the first fields of a `SEQUENCE`; later ones are optional wherever this is used, and of no interest.
pub(crate) fn fields<'a, T>(
    element: AnyRef<'a>,
    read: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<T> {
    element.tag().assert_eq(Tag::Sequence)?;
    read(&mut SliceReader::new(element.value())?)
}

/// The elements of a DER `SEQUENCE OF`.
pub(crate) fn elements(der: &[u8]) -> der::Result<Vec<AnyRef<'_>>> {
    sequence(der, |reader| {
        let mut elements = Vec::new();
        while !reader.is_finished() {
            elements.push(AnyRef::decode(reader)?);
        }
        Ok(elements)
    })
}

/// An `OBJECT IDENTIFIER` in dots. The library's type knows neither second numbers above 47, as in `2.999`, nor numbers of more than
/// 32 bits: policies have both.
pub(crate) fn dotted(element: AnyRef<'_>) -> Option<String> {
    let bytes = Some(element).filter(|element| element.tag() == Tag::ObjectIdentifier)?.value();
    if bytes.last()? & 0x80 != 0 {
        return None;
    }
    let mut numbers = Vec::new();
    let mut number = 0_u128;
    for byte in bytes {
        number = number.checked_mul(0x80)? | u128::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let (first, rest) = numbers.split_first()?;
    let root = (*first / 40).min(2);
    let mut text = format!("{root}.{}", first - 40 * root);
    for number in rest {
        text.push('.');
        text.push_str(&number.to_string());
    }
    Some(text)
}
