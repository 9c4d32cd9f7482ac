pub use root::*;

const _: () = ::planus::check_version_compatibility("planus-1.3.0");

/// The root namespace
///
/// Generated from these locations:
/// * File `crates/cdoc2/schema/header.fbs`
#[no_implicit_prelude]
#[allow(clippy::needless_lifetimes)]
mod root {
    /// The namespace `Cdoc2`
    ///
    /// Generated from these locations:
    /// * File `crates/cdoc2/schema/header.fbs`
    pub mod cdoc2 {
        /// The enum `FMKEncryptionMethod` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Enum `FMKEncryptionMethod` in the file `crates/cdoc2/schema/header.fbs:4`
        #[derive(
            Copy,
            Clone,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
        )]
        #[repr(i8)]
        pub enum FmkEncryptionMethod {
            /// The variant `UNKNOWN` in the enum `FMKEncryptionMethod`
            Unknown = 0,

            /// The variant `XOR` in the enum `FMKEncryptionMethod`
            Xor = 1,
        }

        impl FmkEncryptionMethod {
            /// Array containing all valid variants of FmkEncryptionMethod
            pub const ENUM_VALUES: [Self; 2] = [Self::Unknown, Self::Xor];
        }

        impl ::core::convert::TryFrom<i8> for FmkEncryptionMethod {
            type Error = ::planus::errors::UnknownEnumTagKind;
            #[inline]
            fn try_from(
                value: i8,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTagKind> {
                #[allow(clippy::match_single_binding)]
                match value {
                    0 => ::core::result::Result::Ok(FmkEncryptionMethod::Unknown),
                    1 => ::core::result::Result::Ok(FmkEncryptionMethod::Xor),

                    _ => ::core::result::Result::Err(::planus::errors::UnknownEnumTagKind {
                        tag: value as i128,
                    }),
                }
            }
        }

        impl ::core::convert::From<FmkEncryptionMethod> for i8 {
            #[inline]
            fn from(value: FmkEncryptionMethod) -> Self {
                value as i8
            }
        }

        /// # Safety
        /// The Planus compiler correctly calculates `ALIGNMENT` and `SIZE`.
        unsafe impl ::planus::Primitive for FmkEncryptionMethod {
            const ALIGNMENT: usize = 1;
            const SIZE: usize = 1;
        }

        impl ::planus::WriteAsPrimitive<FmkEncryptionMethod> for FmkEncryptionMethod {
            #[inline]
            fn write<const N: usize>(&self, cursor: ::planus::Cursor<'_, N>, buffer_position: u32) {
                (*self as i8).write(cursor, buffer_position);
            }
        }

        impl ::planus::WriteAs<FmkEncryptionMethod> for FmkEncryptionMethod {
            type Prepared = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> FmkEncryptionMethod {
                *self
            }
        }

        impl ::planus::WriteAsDefault<FmkEncryptionMethod, FmkEncryptionMethod> for FmkEncryptionMethod {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
                default: &FmkEncryptionMethod,
            ) -> ::core::option::Option<FmkEncryptionMethod> {
                if self == default {
                    ::core::option::Option::None
                } else {
                    ::core::option::Option::Some(*self)
                }
            }
        }

        impl ::planus::WriteAsOptional<FmkEncryptionMethod> for FmkEncryptionMethod {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<FmkEncryptionMethod> {
                ::core::option::Option::Some(*self)
            }
        }

        impl<'buf> ::planus::TableRead<'buf> for FmkEncryptionMethod {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                let n: i8 = ::planus::TableRead::from_buffer(buffer, offset)?;
                ::core::result::Result::Ok(::core::convert::TryInto::try_into(n)?)
            }
        }

        impl<'buf> ::planus::VectorReadInner<'buf> for FmkEncryptionMethod {
            type Error = ::planus::errors::UnknownEnumTag;
            const STRIDE: usize = 1;
            #[inline]
            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTag> {
                let value = unsafe { *buffer.buffer.get_unchecked(offset) as i8 };
                let value: ::core::result::Result<Self, _> =
                    ::core::convert::TryInto::try_into(value);
                value.map_err(|error_kind| {
                    error_kind.with_error_location(
                        "FmkEncryptionMethod",
                        "VectorRead::from_buffer",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<FmkEncryptionMethod> for FmkEncryptionMethod {
            const STRIDE: usize = 1;

            type Value = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> Self {
                *self
            }

            #[inline]
            unsafe fn write_values(
                values: &[Self],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 1];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - i as u32,
                    );
                }
            }
        }

        /// The enum `PayloadEncryptionMethod` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Enum `PayloadEncryptionMethod` in the file `crates/cdoc2/schema/header.fbs:5`
        #[derive(
            Copy,
            Clone,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
        )]
        #[repr(i8)]
        pub enum PayloadEncryptionMethod {
            /// The variant `UNKNOWN` in the enum `PayloadEncryptionMethod`
            Unknown = 0,

            /// The variant `CHACHA20POLY1305` in the enum `PayloadEncryptionMethod`
            Chacha20poly1305 = 1,
        }

        impl PayloadEncryptionMethod {
            /// Array containing all valid variants of PayloadEncryptionMethod
            pub const ENUM_VALUES: [Self; 2] = [Self::Unknown, Self::Chacha20poly1305];
        }

        impl ::core::convert::TryFrom<i8> for PayloadEncryptionMethod {
            type Error = ::planus::errors::UnknownEnumTagKind;
            #[inline]
            fn try_from(
                value: i8,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTagKind> {
                #[allow(clippy::match_single_binding)]
                match value {
                    0 => ::core::result::Result::Ok(PayloadEncryptionMethod::Unknown),
                    1 => ::core::result::Result::Ok(PayloadEncryptionMethod::Chacha20poly1305),

                    _ => ::core::result::Result::Err(::planus::errors::UnknownEnumTagKind {
                        tag: value as i128,
                    }),
                }
            }
        }

        impl ::core::convert::From<PayloadEncryptionMethod> for i8 {
            #[inline]
            fn from(value: PayloadEncryptionMethod) -> Self {
                value as i8
            }
        }

        /// # Safety
        /// The Planus compiler correctly calculates `ALIGNMENT` and `SIZE`.
        unsafe impl ::planus::Primitive for PayloadEncryptionMethod {
            const ALIGNMENT: usize = 1;
            const SIZE: usize = 1;
        }

        impl ::planus::WriteAsPrimitive<PayloadEncryptionMethod> for PayloadEncryptionMethod {
            #[inline]
            fn write<const N: usize>(&self, cursor: ::planus::Cursor<'_, N>, buffer_position: u32) {
                (*self as i8).write(cursor, buffer_position);
            }
        }

        impl ::planus::WriteAs<PayloadEncryptionMethod> for PayloadEncryptionMethod {
            type Prepared = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> PayloadEncryptionMethod {
                *self
            }
        }

        impl ::planus::WriteAsDefault<PayloadEncryptionMethod, PayloadEncryptionMethod>
            for PayloadEncryptionMethod
        {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
                default: &PayloadEncryptionMethod,
            ) -> ::core::option::Option<PayloadEncryptionMethod> {
                if self == default {
                    ::core::option::Option::None
                } else {
                    ::core::option::Option::Some(*self)
                }
            }
        }

        impl ::planus::WriteAsOptional<PayloadEncryptionMethod> for PayloadEncryptionMethod {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<PayloadEncryptionMethod> {
                ::core::option::Option::Some(*self)
            }
        }

        impl<'buf> ::planus::TableRead<'buf> for PayloadEncryptionMethod {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                let n: i8 = ::planus::TableRead::from_buffer(buffer, offset)?;
                ::core::result::Result::Ok(::core::convert::TryInto::try_into(n)?)
            }
        }

        impl<'buf> ::planus::VectorReadInner<'buf> for PayloadEncryptionMethod {
            type Error = ::planus::errors::UnknownEnumTag;
            const STRIDE: usize = 1;
            #[inline]
            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTag> {
                let value = unsafe { *buffer.buffer.get_unchecked(offset) as i8 };
                let value: ::core::result::Result<Self, _> =
                    ::core::convert::TryInto::try_into(value);
                value.map_err(|error_kind| {
                    error_kind.with_error_location(
                        "PayloadEncryptionMethod",
                        "VectorRead::from_buffer",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<PayloadEncryptionMethod> for PayloadEncryptionMethod {
            const STRIDE: usize = 1;

            type Value = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> Self {
                *self
            }

            #[inline]
            unsafe fn write_values(
                values: &[Self],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 1];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - i as u32,
                    );
                }
            }
        }

        /// The enum `EllipticCurve` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Enum `EllipticCurve` in the file `crates/cdoc2/schema/header.fbs:6`
        #[derive(
            Copy,
            Clone,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
        )]
        #[repr(i8)]
        pub enum EllipticCurve {
            /// The variant `UNKNOWN` in the enum `EllipticCurve`
            Unknown = 0,

            /// The variant `secp384r1` in the enum `EllipticCurve`
            Secp384r1 = 1,

            /// The variant `secp256r1` in the enum `EllipticCurve`
            Secp256r1 = 2,

            /// The variant `secp521r1` in the enum `EllipticCurve`
            Secp521r1 = 3,
        }

        impl EllipticCurve {
            /// Array containing all valid variants of EllipticCurve
            pub const ENUM_VALUES: [Self; 4] = [
                Self::Unknown,
                Self::Secp384r1,
                Self::Secp256r1,
                Self::Secp521r1,
            ];
        }

        impl ::core::convert::TryFrom<i8> for EllipticCurve {
            type Error = ::planus::errors::UnknownEnumTagKind;
            #[inline]
            fn try_from(
                value: i8,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTagKind> {
                #[allow(clippy::match_single_binding)]
                match value {
                    0 => ::core::result::Result::Ok(EllipticCurve::Unknown),
                    1 => ::core::result::Result::Ok(EllipticCurve::Secp384r1),
                    2 => ::core::result::Result::Ok(EllipticCurve::Secp256r1),
                    3 => ::core::result::Result::Ok(EllipticCurve::Secp521r1),

                    _ => ::core::result::Result::Err(::planus::errors::UnknownEnumTagKind {
                        tag: value as i128,
                    }),
                }
            }
        }

        impl ::core::convert::From<EllipticCurve> for i8 {
            #[inline]
            fn from(value: EllipticCurve) -> Self {
                value as i8
            }
        }

        /// # Safety
        /// The Planus compiler correctly calculates `ALIGNMENT` and `SIZE`.
        unsafe impl ::planus::Primitive for EllipticCurve {
            const ALIGNMENT: usize = 1;
            const SIZE: usize = 1;
        }

        impl ::planus::WriteAsPrimitive<EllipticCurve> for EllipticCurve {
            #[inline]
            fn write<const N: usize>(&self, cursor: ::planus::Cursor<'_, N>, buffer_position: u32) {
                (*self as i8).write(cursor, buffer_position);
            }
        }

        impl ::planus::WriteAs<EllipticCurve> for EllipticCurve {
            type Prepared = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> EllipticCurve {
                *self
            }
        }

        impl ::planus::WriteAsDefault<EllipticCurve, EllipticCurve> for EllipticCurve {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
                default: &EllipticCurve,
            ) -> ::core::option::Option<EllipticCurve> {
                if self == default {
                    ::core::option::Option::None
                } else {
                    ::core::option::Option::Some(*self)
                }
            }
        }

        impl ::planus::WriteAsOptional<EllipticCurve> for EllipticCurve {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<EllipticCurve> {
                ::core::option::Option::Some(*self)
            }
        }

        impl<'buf> ::planus::TableRead<'buf> for EllipticCurve {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                let n: i8 = ::planus::TableRead::from_buffer(buffer, offset)?;
                ::core::result::Result::Ok(::core::convert::TryInto::try_into(n)?)
            }
        }

        impl<'buf> ::planus::VectorReadInner<'buf> for EllipticCurve {
            type Error = ::planus::errors::UnknownEnumTag;
            const STRIDE: usize = 1;
            #[inline]
            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTag> {
                let value = unsafe { *buffer.buffer.get_unchecked(offset) as i8 };
                let value: ::core::result::Result<Self, _> =
                    ::core::convert::TryInto::try_into(value);
                value.map_err(|error_kind| {
                    error_kind.with_error_location(
                        "EllipticCurve",
                        "VectorRead::from_buffer",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<EllipticCurve> for EllipticCurve {
            const STRIDE: usize = 1;

            type Value = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> Self {
                *self
            }

            #[inline]
            unsafe fn write_values(
                values: &[Self],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 1];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - i as u32,
                    );
                }
            }
        }

        /// The enum `KDFAlgorithmIdentifier` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Enum `KDFAlgorithmIdentifier` in the file `crates/cdoc2/schema/header.fbs:7`
        #[derive(
            Copy,
            Clone,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
        )]
        #[repr(i8)]
        pub enum KdfAlgorithmIdentifier {
            /// The variant `UNKNOWN` in the enum `KDFAlgorithmIdentifier`
            Unknown = 0,

            /// The variant `PBKDF2WithHmacSHA256` in the enum `KDFAlgorithmIdentifier`
            Pbkdf2WithHmacSha256 = 1,
        }

        impl KdfAlgorithmIdentifier {
            /// Array containing all valid variants of KdfAlgorithmIdentifier
            pub const ENUM_VALUES: [Self; 2] = [Self::Unknown, Self::Pbkdf2WithHmacSha256];
        }

        impl ::core::convert::TryFrom<i8> for KdfAlgorithmIdentifier {
            type Error = ::planus::errors::UnknownEnumTagKind;
            #[inline]
            fn try_from(
                value: i8,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTagKind> {
                #[allow(clippy::match_single_binding)]
                match value {
                    0 => ::core::result::Result::Ok(KdfAlgorithmIdentifier::Unknown),
                    1 => ::core::result::Result::Ok(KdfAlgorithmIdentifier::Pbkdf2WithHmacSha256),

                    _ => ::core::result::Result::Err(::planus::errors::UnknownEnumTagKind {
                        tag: value as i128,
                    }),
                }
            }
        }

        impl ::core::convert::From<KdfAlgorithmIdentifier> for i8 {
            #[inline]
            fn from(value: KdfAlgorithmIdentifier) -> Self {
                value as i8
            }
        }

        /// # Safety
        /// The Planus compiler correctly calculates `ALIGNMENT` and `SIZE`.
        unsafe impl ::planus::Primitive for KdfAlgorithmIdentifier {
            const ALIGNMENT: usize = 1;
            const SIZE: usize = 1;
        }

        impl ::planus::WriteAsPrimitive<KdfAlgorithmIdentifier> for KdfAlgorithmIdentifier {
            #[inline]
            fn write<const N: usize>(&self, cursor: ::planus::Cursor<'_, N>, buffer_position: u32) {
                (*self as i8).write(cursor, buffer_position);
            }
        }

        impl ::planus::WriteAs<KdfAlgorithmIdentifier> for KdfAlgorithmIdentifier {
            type Prepared = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> KdfAlgorithmIdentifier {
                *self
            }
        }

        impl ::planus::WriteAsDefault<KdfAlgorithmIdentifier, KdfAlgorithmIdentifier>
            for KdfAlgorithmIdentifier
        {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
                default: &KdfAlgorithmIdentifier,
            ) -> ::core::option::Option<KdfAlgorithmIdentifier> {
                if self == default {
                    ::core::option::Option::None
                } else {
                    ::core::option::Option::Some(*self)
                }
            }
        }

        impl ::planus::WriteAsOptional<KdfAlgorithmIdentifier> for KdfAlgorithmIdentifier {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<KdfAlgorithmIdentifier> {
                ::core::option::Option::Some(*self)
            }
        }

        impl<'buf> ::planus::TableRead<'buf> for KdfAlgorithmIdentifier {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                let n: i8 = ::planus::TableRead::from_buffer(buffer, offset)?;
                ::core::result::Result::Ok(::core::convert::TryInto::try_into(n)?)
            }
        }

        impl<'buf> ::planus::VectorReadInner<'buf> for KdfAlgorithmIdentifier {
            type Error = ::planus::errors::UnknownEnumTag;
            const STRIDE: usize = 1;
            #[inline]
            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTag> {
                let value = unsafe { *buffer.buffer.get_unchecked(offset) as i8 };
                let value: ::core::result::Result<Self, _> =
                    ::core::convert::TryInto::try_into(value);
                value.map_err(|error_kind| {
                    error_kind.with_error_location(
                        "KdfAlgorithmIdentifier",
                        "VectorRead::from_buffer",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<KdfAlgorithmIdentifier> for KdfAlgorithmIdentifier {
            const STRIDE: usize = 1;

            type Value = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> Self {
                *self
            }

            #[inline]
            unsafe fn write_values(
                values: &[Self],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 1];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - i as u32,
                    );
                }
            }
        }

        /// The enum `KeyShareRecipientType` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Enum `KeyShareRecipientType` in the file `crates/cdoc2/schema/header.fbs:8`
        #[derive(
            Copy,
            Clone,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
        )]
        #[repr(i8)]
        pub enum KeyShareRecipientType {
            /// The variant `UNKNOWN` in the enum `KeyShareRecipientType`
            Unknown = 0,

            /// The variant `SID_MID` in the enum `KeyShareRecipientType`
            SidMid = 1,
        }

        impl KeyShareRecipientType {
            /// Array containing all valid variants of KeyShareRecipientType
            pub const ENUM_VALUES: [Self; 2] = [Self::Unknown, Self::SidMid];
        }

        impl ::core::convert::TryFrom<i8> for KeyShareRecipientType {
            type Error = ::planus::errors::UnknownEnumTagKind;
            #[inline]
            fn try_from(
                value: i8,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTagKind> {
                #[allow(clippy::match_single_binding)]
                match value {
                    0 => ::core::result::Result::Ok(KeyShareRecipientType::Unknown),
                    1 => ::core::result::Result::Ok(KeyShareRecipientType::SidMid),

                    _ => ::core::result::Result::Err(::planus::errors::UnknownEnumTagKind {
                        tag: value as i128,
                    }),
                }
            }
        }

        impl ::core::convert::From<KeyShareRecipientType> for i8 {
            #[inline]
            fn from(value: KeyShareRecipientType) -> Self {
                value as i8
            }
        }

        /// # Safety
        /// The Planus compiler correctly calculates `ALIGNMENT` and `SIZE`.
        unsafe impl ::planus::Primitive for KeyShareRecipientType {
            const ALIGNMENT: usize = 1;
            const SIZE: usize = 1;
        }

        impl ::planus::WriteAsPrimitive<KeyShareRecipientType> for KeyShareRecipientType {
            #[inline]
            fn write<const N: usize>(&self, cursor: ::planus::Cursor<'_, N>, buffer_position: u32) {
                (*self as i8).write(cursor, buffer_position);
            }
        }

        impl ::planus::WriteAs<KeyShareRecipientType> for KeyShareRecipientType {
            type Prepared = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> KeyShareRecipientType {
                *self
            }
        }

        impl ::planus::WriteAsDefault<KeyShareRecipientType, KeyShareRecipientType>
            for KeyShareRecipientType
        {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
                default: &KeyShareRecipientType,
            ) -> ::core::option::Option<KeyShareRecipientType> {
                if self == default {
                    ::core::option::Option::None
                } else {
                    ::core::option::Option::Some(*self)
                }
            }
        }

        impl ::planus::WriteAsOptional<KeyShareRecipientType> for KeyShareRecipientType {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<KeyShareRecipientType> {
                ::core::option::Option::Some(*self)
            }
        }

        impl<'buf> ::planus::TableRead<'buf> for KeyShareRecipientType {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                let n: i8 = ::planus::TableRead::from_buffer(buffer, offset)?;
                ::core::result::Result::Ok(::core::convert::TryInto::try_into(n)?)
            }
        }

        impl<'buf> ::planus::VectorReadInner<'buf> for KeyShareRecipientType {
            type Error = ::planus::errors::UnknownEnumTag;
            const STRIDE: usize = 1;
            #[inline]
            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTag> {
                let value = unsafe { *buffer.buffer.get_unchecked(offset) as i8 };
                let value: ::core::result::Result<Self, _> =
                    ::core::convert::TryInto::try_into(value);
                value.map_err(|error_kind| {
                    error_kind.with_error_location(
                        "KeyShareRecipientType",
                        "VectorRead::from_buffer",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<KeyShareRecipientType> for KeyShareRecipientType {
            const STRIDE: usize = 1;

            type Value = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> Self {
                *self
            }

            #[inline]
            unsafe fn write_values(
                values: &[Self],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 1];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - i as u32,
                    );
                }
            }
        }

        /// The enum `SharesScheme` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Enum `SharesScheme` in the file `crates/cdoc2/schema/header.fbs:9`
        #[derive(
            Copy,
            Clone,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
        )]
        #[repr(i8)]
        pub enum SharesScheme {
            /// The variant `UNKNOWN` in the enum `SharesScheme`
            Unknown = 0,

            /// The variant `N_OF_N` in the enum `SharesScheme`
            NOfN = 1,
        }

        impl SharesScheme {
            /// Array containing all valid variants of SharesScheme
            pub const ENUM_VALUES: [Self; 2] = [Self::Unknown, Self::NOfN];
        }

        impl ::core::convert::TryFrom<i8> for SharesScheme {
            type Error = ::planus::errors::UnknownEnumTagKind;
            #[inline]
            fn try_from(
                value: i8,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTagKind> {
                #[allow(clippy::match_single_binding)]
                match value {
                    0 => ::core::result::Result::Ok(SharesScheme::Unknown),
                    1 => ::core::result::Result::Ok(SharesScheme::NOfN),

                    _ => ::core::result::Result::Err(::planus::errors::UnknownEnumTagKind {
                        tag: value as i128,
                    }),
                }
            }
        }

        impl ::core::convert::From<SharesScheme> for i8 {
            #[inline]
            fn from(value: SharesScheme) -> Self {
                value as i8
            }
        }

        /// # Safety
        /// The Planus compiler correctly calculates `ALIGNMENT` and `SIZE`.
        unsafe impl ::planus::Primitive for SharesScheme {
            const ALIGNMENT: usize = 1;
            const SIZE: usize = 1;
        }

        impl ::planus::WriteAsPrimitive<SharesScheme> for SharesScheme {
            #[inline]
            fn write<const N: usize>(&self, cursor: ::planus::Cursor<'_, N>, buffer_position: u32) {
                (*self as i8).write(cursor, buffer_position);
            }
        }

        impl ::planus::WriteAs<SharesScheme> for SharesScheme {
            type Prepared = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> SharesScheme {
                *self
            }
        }

        impl ::planus::WriteAsDefault<SharesScheme, SharesScheme> for SharesScheme {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
                default: &SharesScheme,
            ) -> ::core::option::Option<SharesScheme> {
                if self == default {
                    ::core::option::Option::None
                } else {
                    ::core::option::Option::Some(*self)
                }
            }
        }

        impl ::planus::WriteAsOptional<SharesScheme> for SharesScheme {
            type Prepared = Self;

            #[inline]
            fn prepare(
                &self,
                _builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<SharesScheme> {
                ::core::option::Option::Some(*self)
            }
        }

        impl<'buf> ::planus::TableRead<'buf> for SharesScheme {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                let n: i8 = ::planus::TableRead::from_buffer(buffer, offset)?;
                ::core::result::Result::Ok(::core::convert::TryInto::try_into(n)?)
            }
        }

        impl<'buf> ::planus::VectorReadInner<'buf> for SharesScheme {
            type Error = ::planus::errors::UnknownEnumTag;
            const STRIDE: usize = 1;
            #[inline]
            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'buf>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::UnknownEnumTag> {
                let value = unsafe { *buffer.buffer.get_unchecked(offset) as i8 };
                let value: ::core::result::Result<Self, _> =
                    ::core::convert::TryInto::try_into(value);
                value.map_err(|error_kind| {
                    error_kind.with_error_location(
                        "SharesScheme",
                        "VectorRead::from_buffer",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<SharesScheme> for SharesScheme {
            const STRIDE: usize = 1;

            type Value = Self;

            #[inline]
            fn prepare(&self, _builder: &mut ::planus::Builder) -> Self {
                *self
            }

            #[inline]
            unsafe fn write_values(
                values: &[Self],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 1];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - i as u32,
                    );
                }
            }
        }

        /// The table `ECCPublicKeyCapsule` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `ECCPublicKeyCapsule` in the file `crates/cdoc2/schema/header.fbs:11`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct EccPublicKeyCapsule {
            /// The field `curve` in the table `ECCPublicKeyCapsule`
            pub curve: self::EllipticCurve,
            /// The field `recipient_public_key` in the table `ECCPublicKeyCapsule`
            pub recipient_public_key: ::planus::alloc::vec::Vec<u8>,
            /// The field `sender_public_key` in the table `ECCPublicKeyCapsule`
            pub sender_public_key: ::planus::alloc::vec::Vec<u8>,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for EccPublicKeyCapsule {
            fn default() -> Self {
                Self {
                    curve: self::EllipticCurve::Unknown,
                    recipient_public_key: ::core::default::Default::default(),
                    sender_public_key: ::core::default::Default::default(),
                }
            }
        }

        impl EccPublicKeyCapsule {
            /// Creates a [EccPublicKeyCapsuleBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> EccPublicKeyCapsuleBuilder<()> {
                EccPublicKeyCapsuleBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_curve: impl ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                field_recipient_public_key: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
                field_sender_public_key: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
            ) -> ::planus::Offset<Self> {
                let prepared_curve = field_curve.prepare(builder, &self::EllipticCurve::Unknown);
                let prepared_recipient_public_key = field_recipient_public_key.prepare(builder);
                let prepared_sender_public_key = field_sender_public_key.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<10> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[u8]>>(1);
                table_writer.write_entry::<::planus::Offset<[u8]>>(2);
                if prepared_curve.is_some() {
                    table_writer.write_entry::<self::EllipticCurve>(0);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_recipient_public_key);
                        object_writer.write::<_, _, 4>(&prepared_sender_public_key);
                        if let ::core::option::Option::Some(prepared_curve) = prepared_curve {
                            object_writer.write::<_, _, 1>(&prepared_curve);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<EccPublicKeyCapsule>> for EccPublicKeyCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<EccPublicKeyCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<EccPublicKeyCapsule>> for EccPublicKeyCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<EccPublicKeyCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<EccPublicKeyCapsule> for EccPublicKeyCapsule {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<EccPublicKeyCapsule> {
                EccPublicKeyCapsule::create(
                    builder,
                    self.curve,
                    &self.recipient_public_key,
                    &self.sender_public_key,
                )
            }
        }

        /// Builder for serializing an instance of the [EccPublicKeyCapsule] type.
        ///
        /// Can be created using the [EccPublicKeyCapsule::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct EccPublicKeyCapsuleBuilder<State>(State);

        impl EccPublicKeyCapsuleBuilder<()> {
            /// Setter for the [`curve` field](EccPublicKeyCapsule#structfield.curve).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn curve<T0>(self, value: T0) -> EccPublicKeyCapsuleBuilder<(T0,)>
            where
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
            {
                EccPublicKeyCapsuleBuilder((value,))
            }

            /// Sets the [`curve` field](EccPublicKeyCapsule#structfield.curve) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn curve_as_default(self) -> EccPublicKeyCapsuleBuilder<(::planus::DefaultValue,)> {
                self.curve(::planus::DefaultValue)
            }
        }

        impl<T0> EccPublicKeyCapsuleBuilder<(T0,)> {
            /// Setter for the [`recipient_public_key` field](EccPublicKeyCapsule#structfield.recipient_public_key).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_public_key<T1>(self, value: T1) -> EccPublicKeyCapsuleBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                let (v0,) = self.0;
                EccPublicKeyCapsuleBuilder((v0, value))
            }
        }

        impl<T0, T1> EccPublicKeyCapsuleBuilder<(T0, T1)> {
            /// Setter for the [`sender_public_key` field](EccPublicKeyCapsule#structfield.sender_public_key).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn sender_public_key<T2>(
                self,
                value: T2,
            ) -> EccPublicKeyCapsuleBuilder<(T0, T1, T2)>
            where
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                let (v0, v1) = self.0;
                EccPublicKeyCapsuleBuilder((v0, v1, value))
            }
        }

        impl<T0, T1, T2> EccPublicKeyCapsuleBuilder<(T0, T1, T2)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [EccPublicKeyCapsule].
            #[inline]
            pub fn finish(
                self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<EccPublicKeyCapsule>
            where
                Self: ::planus::WriteAsOffset<EccPublicKeyCapsule>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAs<::planus::Offset<EccPublicKeyCapsule>>
            for EccPublicKeyCapsuleBuilder<(T0, T1, T2)>
        {
            type Prepared = ::planus::Offset<EccPublicKeyCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<EccPublicKeyCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAsOptional<::planus::Offset<EccPublicKeyCapsule>>
            for EccPublicKeyCapsuleBuilder<(T0, T1, T2)>
        {
            type Prepared = ::planus::Offset<EccPublicKeyCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<EccPublicKeyCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAsOffset<EccPublicKeyCapsule>
            for EccPublicKeyCapsuleBuilder<(T0, T1, T2)>
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<EccPublicKeyCapsule> {
                let (v0, v1, v2) = &self.0;
                EccPublicKeyCapsule::create(builder, v0, v1, v2)
            }
        }

        /// Reference to a deserialized [EccPublicKeyCapsule].
        #[derive(Copy, Clone)]
        pub struct EccPublicKeyCapsuleRef<'a>(
            #[allow(dead_code)] ::planus::table_reader::Table<'a>,
        );

        impl<'a> EccPublicKeyCapsuleRef<'a> {
            /// Getter for the [`curve` field](EccPublicKeyCapsule#structfield.curve).
            #[inline]
            pub fn curve(&self) -> ::planus::Result<self::EllipticCurve> {
                ::core::result::Result::Ok(
                    self.0
                        .access(0, "EccPublicKeyCapsule", "curve")?
                        .unwrap_or(self::EllipticCurve::Unknown),
                )
            }

            /// Getter for the [`recipient_public_key` field](EccPublicKeyCapsule#structfield.recipient_public_key).
            #[inline]
            pub fn recipient_public_key(&self) -> ::planus::Result<&'a [u8]> {
                self.0
                    .access_required(1, "EccPublicKeyCapsule", "recipient_public_key")
            }

            /// Getter for the [`sender_public_key` field](EccPublicKeyCapsule#structfield.sender_public_key).
            #[inline]
            pub fn sender_public_key(&self) -> ::planus::Result<&'a [u8]> {
                self.0
                    .access_required(2, "EccPublicKeyCapsule", "sender_public_key")
            }
        }

        impl<'a> ::core::fmt::Debug for EccPublicKeyCapsuleRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("EccPublicKeyCapsuleRef");
                f.field("curve", &self.curve());
                f.field("recipient_public_key", &self.recipient_public_key());
                f.field("sender_public_key", &self.sender_public_key());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<EccPublicKeyCapsuleRef<'a>> for EccPublicKeyCapsule {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: EccPublicKeyCapsuleRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    curve: ::core::convert::TryInto::try_into(value.curve()?)?,
                    recipient_public_key: value.recipient_public_key()?.to_vec(),
                    sender_public_key: value.sender_public_key()?.to_vec(),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for EccPublicKeyCapsuleRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for EccPublicKeyCapsuleRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[EccPublicKeyCapsuleRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<EccPublicKeyCapsule>> for EccPublicKeyCapsule {
            type Value = ::planus::Offset<EccPublicKeyCapsule>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<EccPublicKeyCapsule>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for EccPublicKeyCapsuleRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[EccPublicKeyCapsuleRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `RSAPublicKeyCapsule` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `RSAPublicKeyCapsule` in the file `crates/cdoc2/schema/header.fbs:17`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct RsaPublicKeyCapsule {
            /// The field `recipient_public_key` in the table `RSAPublicKeyCapsule`
            pub recipient_public_key: ::planus::alloc::vec::Vec<u8>,
            /// The field `encrypted_kek` in the table `RSAPublicKeyCapsule`
            pub encrypted_kek: ::planus::alloc::vec::Vec<u8>,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for RsaPublicKeyCapsule {
            fn default() -> Self {
                Self {
                    recipient_public_key: ::core::default::Default::default(),
                    encrypted_kek: ::core::default::Default::default(),
                }
            }
        }

        impl RsaPublicKeyCapsule {
            /// Creates a [RsaPublicKeyCapsuleBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> RsaPublicKeyCapsuleBuilder<()> {
                RsaPublicKeyCapsuleBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_recipient_public_key: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
                field_encrypted_kek: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
            ) -> ::planus::Offset<Self> {
                let prepared_recipient_public_key = field_recipient_public_key.prepare(builder);
                let prepared_encrypted_kek = field_encrypted_kek.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<8> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[u8]>>(0);
                table_writer.write_entry::<::planus::Offset<[u8]>>(1);

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_recipient_public_key);
                        object_writer.write::<_, _, 4>(&prepared_encrypted_kek);
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<RsaPublicKeyCapsule>> for RsaPublicKeyCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RsaPublicKeyCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<RsaPublicKeyCapsule>> for RsaPublicKeyCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<RsaPublicKeyCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<RsaPublicKeyCapsule> for RsaPublicKeyCapsule {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RsaPublicKeyCapsule> {
                RsaPublicKeyCapsule::create(
                    builder,
                    &self.recipient_public_key,
                    &self.encrypted_kek,
                )
            }
        }

        /// Builder for serializing an instance of the [RsaPublicKeyCapsule] type.
        ///
        /// Can be created using the [RsaPublicKeyCapsule::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct RsaPublicKeyCapsuleBuilder<State>(State);

        impl RsaPublicKeyCapsuleBuilder<()> {
            /// Setter for the [`recipient_public_key` field](RsaPublicKeyCapsule#structfield.recipient_public_key).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_public_key<T0>(self, value: T0) -> RsaPublicKeyCapsuleBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                RsaPublicKeyCapsuleBuilder((value,))
            }
        }

        impl<T0> RsaPublicKeyCapsuleBuilder<(T0,)> {
            /// Setter for the [`encrypted_kek` field](RsaPublicKeyCapsule#structfield.encrypted_kek).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn encrypted_kek<T1>(self, value: T1) -> RsaPublicKeyCapsuleBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                let (v0,) = self.0;
                RsaPublicKeyCapsuleBuilder((v0, value))
            }
        }

        impl<T0, T1> RsaPublicKeyCapsuleBuilder<(T0, T1)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [RsaPublicKeyCapsule].
            #[inline]
            pub fn finish(
                self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RsaPublicKeyCapsule>
            where
                Self: ::planus::WriteAsOffset<RsaPublicKeyCapsule>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAs<::planus::Offset<RsaPublicKeyCapsule>>
            for RsaPublicKeyCapsuleBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<RsaPublicKeyCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RsaPublicKeyCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAsOptional<::planus::Offset<RsaPublicKeyCapsule>>
            for RsaPublicKeyCapsuleBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<RsaPublicKeyCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<RsaPublicKeyCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAsOffset<RsaPublicKeyCapsule>
            for RsaPublicKeyCapsuleBuilder<(T0, T1)>
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RsaPublicKeyCapsule> {
                let (v0, v1) = &self.0;
                RsaPublicKeyCapsule::create(builder, v0, v1)
            }
        }

        /// Reference to a deserialized [RsaPublicKeyCapsule].
        #[derive(Copy, Clone)]
        pub struct RsaPublicKeyCapsuleRef<'a>(
            #[allow(dead_code)] ::planus::table_reader::Table<'a>,
        );

        impl<'a> RsaPublicKeyCapsuleRef<'a> {
            /// Getter for the [`recipient_public_key` field](RsaPublicKeyCapsule#structfield.recipient_public_key).
            #[inline]
            pub fn recipient_public_key(&self) -> ::planus::Result<&'a [u8]> {
                self.0
                    .access_required(0, "RsaPublicKeyCapsule", "recipient_public_key")
            }

            /// Getter for the [`encrypted_kek` field](RsaPublicKeyCapsule#structfield.encrypted_kek).
            #[inline]
            pub fn encrypted_kek(&self) -> ::planus::Result<&'a [u8]> {
                self.0
                    .access_required(1, "RsaPublicKeyCapsule", "encrypted_kek")
            }
        }

        impl<'a> ::core::fmt::Debug for RsaPublicKeyCapsuleRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("RsaPublicKeyCapsuleRef");
                f.field("recipient_public_key", &self.recipient_public_key());
                f.field("encrypted_kek", &self.encrypted_kek());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<RsaPublicKeyCapsuleRef<'a>> for RsaPublicKeyCapsule {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: RsaPublicKeyCapsuleRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    recipient_public_key: value.recipient_public_key()?.to_vec(),
                    encrypted_kek: value.encrypted_kek()?.to_vec(),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for RsaPublicKeyCapsuleRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for RsaPublicKeyCapsuleRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[RsaPublicKeyCapsuleRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<RsaPublicKeyCapsule>> for RsaPublicKeyCapsule {
            type Value = ::planus::Offset<RsaPublicKeyCapsule>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<RsaPublicKeyCapsule>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for RsaPublicKeyCapsuleRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[RsaPublicKeyCapsuleRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `EccKeyDetails` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `EccKeyDetails` in the file `crates/cdoc2/schema/header.fbs:22`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct EccKeyDetails {
            /// The field `curve` in the table `EccKeyDetails`
            pub curve: self::EllipticCurve,
            /// The field `recipient_public_key` in the table `EccKeyDetails`
            pub recipient_public_key: ::planus::alloc::vec::Vec<u8>,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for EccKeyDetails {
            fn default() -> Self {
                Self {
                    curve: self::EllipticCurve::Unknown,
                    recipient_public_key: ::core::default::Default::default(),
                }
            }
        }

        impl EccKeyDetails {
            /// Creates a [EccKeyDetailsBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> EccKeyDetailsBuilder<()> {
                EccKeyDetailsBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_curve: impl ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                field_recipient_public_key: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
            ) -> ::planus::Offset<Self> {
                let prepared_curve = field_curve.prepare(builder, &self::EllipticCurve::Unknown);
                let prepared_recipient_public_key = field_recipient_public_key.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<8> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[u8]>>(1);
                if prepared_curve.is_some() {
                    table_writer.write_entry::<self::EllipticCurve>(0);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_recipient_public_key);
                        if let ::core::option::Option::Some(prepared_curve) = prepared_curve {
                            object_writer.write::<_, _, 1>(&prepared_curve);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<EccKeyDetails>> for EccKeyDetails {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<EccKeyDetails> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<EccKeyDetails>> for EccKeyDetails {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<EccKeyDetails>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<EccKeyDetails> for EccKeyDetails {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<EccKeyDetails> {
                EccKeyDetails::create(builder, self.curve, &self.recipient_public_key)
            }
        }

        /// Builder for serializing an instance of the [EccKeyDetails] type.
        ///
        /// Can be created using the [EccKeyDetails::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct EccKeyDetailsBuilder<State>(State);

        impl EccKeyDetailsBuilder<()> {
            /// Setter for the [`curve` field](EccKeyDetails#structfield.curve).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn curve<T0>(self, value: T0) -> EccKeyDetailsBuilder<(T0,)>
            where
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
            {
                EccKeyDetailsBuilder((value,))
            }

            /// Sets the [`curve` field](EccKeyDetails#structfield.curve) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn curve_as_default(self) -> EccKeyDetailsBuilder<(::planus::DefaultValue,)> {
                self.curve(::planus::DefaultValue)
            }
        }

        impl<T0> EccKeyDetailsBuilder<(T0,)> {
            /// Setter for the [`recipient_public_key` field](EccKeyDetails#structfield.recipient_public_key).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_public_key<T1>(self, value: T1) -> EccKeyDetailsBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                let (v0,) = self.0;
                EccKeyDetailsBuilder((v0, value))
            }
        }

        impl<T0, T1> EccKeyDetailsBuilder<(T0, T1)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [EccKeyDetails].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<EccKeyDetails>
            where
                Self: ::planus::WriteAsOffset<EccKeyDetails>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAs<::planus::Offset<EccKeyDetails>>
            for EccKeyDetailsBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<EccKeyDetails>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<EccKeyDetails> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAsOptional<::planus::Offset<EccKeyDetails>>
            for EccKeyDetailsBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<EccKeyDetails>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<EccKeyDetails>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAsDefault<self::EllipticCurve, self::EllipticCurve>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            > ::planus::WriteAsOffset<EccKeyDetails> for EccKeyDetailsBuilder<(T0, T1)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<EccKeyDetails> {
                let (v0, v1) = &self.0;
                EccKeyDetails::create(builder, v0, v1)
            }
        }

        /// Reference to a deserialized [EccKeyDetails].
        #[derive(Copy, Clone)]
        pub struct EccKeyDetailsRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> EccKeyDetailsRef<'a> {
            /// Getter for the [`curve` field](EccKeyDetails#structfield.curve).
            #[inline]
            pub fn curve(&self) -> ::planus::Result<self::EllipticCurve> {
                ::core::result::Result::Ok(
                    self.0
                        .access(0, "EccKeyDetails", "curve")?
                        .unwrap_or(self::EllipticCurve::Unknown),
                )
            }

            /// Getter for the [`recipient_public_key` field](EccKeyDetails#structfield.recipient_public_key).
            #[inline]
            pub fn recipient_public_key(&self) -> ::planus::Result<&'a [u8]> {
                self.0
                    .access_required(1, "EccKeyDetails", "recipient_public_key")
            }
        }

        impl<'a> ::core::fmt::Debug for EccKeyDetailsRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("EccKeyDetailsRef");
                f.field("curve", &self.curve());
                f.field("recipient_public_key", &self.recipient_public_key());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<EccKeyDetailsRef<'a>> for EccKeyDetails {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: EccKeyDetailsRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    curve: ::core::convert::TryInto::try_into(value.curve()?)?,
                    recipient_public_key: value.recipient_public_key()?.to_vec(),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for EccKeyDetailsRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for EccKeyDetailsRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[EccKeyDetailsRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<EccKeyDetails>> for EccKeyDetails {
            type Value = ::planus::Offset<EccKeyDetails>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<EccKeyDetails>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for EccKeyDetailsRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[EccKeyDetailsRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `RsaKeyDetails` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `RsaKeyDetails` in the file `crates/cdoc2/schema/header.fbs:27`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct RsaKeyDetails {
            /// The field `recipient_public_key` in the table `RsaKeyDetails`
            pub recipient_public_key: ::planus::alloc::vec::Vec<u8>,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for RsaKeyDetails {
            fn default() -> Self {
                Self {
                    recipient_public_key: ::core::default::Default::default(),
                }
            }
        }

        impl RsaKeyDetails {
            /// Creates a [RsaKeyDetailsBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> RsaKeyDetailsBuilder<()> {
                RsaKeyDetailsBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_recipient_public_key: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
            ) -> ::planus::Offset<Self> {
                let prepared_recipient_public_key = field_recipient_public_key.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<6> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[u8]>>(0);

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_recipient_public_key);
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<RsaKeyDetails>> for RsaKeyDetails {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<RsaKeyDetails> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<RsaKeyDetails>> for RsaKeyDetails {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<RsaKeyDetails>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<RsaKeyDetails> for RsaKeyDetails {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<RsaKeyDetails> {
                RsaKeyDetails::create(builder, &self.recipient_public_key)
            }
        }

        /// Builder for serializing an instance of the [RsaKeyDetails] type.
        ///
        /// Can be created using the [RsaKeyDetails::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct RsaKeyDetailsBuilder<State>(State);

        impl RsaKeyDetailsBuilder<()> {
            /// Setter for the [`recipient_public_key` field](RsaKeyDetails#structfield.recipient_public_key).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_public_key<T0>(self, value: T0) -> RsaKeyDetailsBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                RsaKeyDetailsBuilder((value,))
            }
        }

        impl<T0> RsaKeyDetailsBuilder<(T0,)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [RsaKeyDetails].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<RsaKeyDetails>
            where
                Self: ::planus::WriteAsOffset<RsaKeyDetails>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<T0: ::planus::WriteAs<::planus::Offset<[u8]>>>
            ::planus::WriteAs<::planus::Offset<RsaKeyDetails>> for RsaKeyDetailsBuilder<(T0,)>
        {
            type Prepared = ::planus::Offset<RsaKeyDetails>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<RsaKeyDetails> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<T0: ::planus::WriteAs<::planus::Offset<[u8]>>>
            ::planus::WriteAsOptional<::planus::Offset<RsaKeyDetails>>
            for RsaKeyDetailsBuilder<(T0,)>
        {
            type Prepared = ::planus::Offset<RsaKeyDetails>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<RsaKeyDetails>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<T0: ::planus::WriteAs<::planus::Offset<[u8]>>> ::planus::WriteAsOffset<RsaKeyDetails>
            for RsaKeyDetailsBuilder<(T0,)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<RsaKeyDetails> {
                let (v0,) = &self.0;
                RsaKeyDetails::create(builder, v0)
            }
        }

        /// Reference to a deserialized [RsaKeyDetails].
        #[derive(Copy, Clone)]
        pub struct RsaKeyDetailsRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> RsaKeyDetailsRef<'a> {
            /// Getter for the [`recipient_public_key` field](RsaKeyDetails#structfield.recipient_public_key).
            #[inline]
            pub fn recipient_public_key(&self) -> ::planus::Result<&'a [u8]> {
                self.0
                    .access_required(0, "RsaKeyDetails", "recipient_public_key")
            }
        }

        impl<'a> ::core::fmt::Debug for RsaKeyDetailsRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("RsaKeyDetailsRef");
                f.field("recipient_public_key", &self.recipient_public_key());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<RsaKeyDetailsRef<'a>> for RsaKeyDetails {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: RsaKeyDetailsRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    recipient_public_key: value.recipient_public_key()?.to_vec(),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for RsaKeyDetailsRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for RsaKeyDetailsRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[RsaKeyDetailsRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<RsaKeyDetails>> for RsaKeyDetails {
            type Value = ::planus::Offset<RsaKeyDetails>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<RsaKeyDetails>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for RsaKeyDetailsRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[RsaKeyDetailsRef]", "read_as_root", 0)
                })
            }
        }

        /// The union `KeyDetailsUnion` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Union `KeyDetailsUnion` in the file `crates/cdoc2/schema/header.fbs:31`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub enum KeyDetailsUnion {
            /// The variant of type `EccKeyDetails` in the union `KeyDetailsUnion`
            EccKeyDetails(::planus::alloc::boxed::Box<self::EccKeyDetails>),

            /// The variant of type `RsaKeyDetails` in the union `KeyDetailsUnion`
            RsaKeyDetails(::planus::alloc::boxed::Box<self::RsaKeyDetails>),
        }

        impl KeyDetailsUnion {
            /// Creates a [KeyDetailsUnionBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> KeyDetailsUnionBuilder<::planus::Uninitialized> {
                KeyDetailsUnionBuilder(::planus::Uninitialized)
            }

            #[inline]
            pub fn create_ecc_key_details(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::EccKeyDetails>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(1, value.prepare(builder).downcast())
            }

            #[inline]
            pub fn create_rsa_key_details(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::RsaKeyDetails>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(2, value.prepare(builder).downcast())
            }
        }

        impl ::planus::WriteAsUnion<KeyDetailsUnion> for KeyDetailsUnion {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Self> {
                match self {
                    Self::EccKeyDetails(value) => Self::create_ecc_key_details(builder, value),
                    Self::RsaKeyDetails(value) => Self::create_rsa_key_details(builder, value),
                }
            }
        }

        impl ::planus::WriteAsOptionalUnion<KeyDetailsUnion> for KeyDetailsUnion {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Self>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }

        /// Builder for serializing an instance of the [KeyDetailsUnion] type.
        ///
        /// Can be created using the [KeyDetailsUnion::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct KeyDetailsUnionBuilder<T>(T);

        impl KeyDetailsUnionBuilder<::planus::Uninitialized> {
            /// Creates an instance of the [`EccKeyDetails` variant](KeyDetailsUnion#variant.EccKeyDetails).
            #[inline]
            pub fn ecc_key_details<T>(
                self,
                value: T,
            ) -> KeyDetailsUnionBuilder<::planus::Initialized<1, T>>
            where
                T: ::planus::WriteAsOffset<self::EccKeyDetails>,
            {
                KeyDetailsUnionBuilder(::planus::Initialized(value))
            }

            /// Creates an instance of the [`RsaKeyDetails` variant](KeyDetailsUnion#variant.RsaKeyDetails).
            #[inline]
            pub fn rsa_key_details<T>(
                self,
                value: T,
            ) -> KeyDetailsUnionBuilder<::planus::Initialized<2, T>>
            where
                T: ::planus::WriteAsOffset<self::RsaKeyDetails>,
            {
                KeyDetailsUnionBuilder(::planus::Initialized(value))
            }
        }

        impl<const N: u8, T> KeyDetailsUnionBuilder<::planus::Initialized<N, T>> {
            /// Finish writing the builder to get an [UnionOffset](::planus::UnionOffset) to a serialized [KeyDetailsUnion].
            #[inline]
            pub fn finish(
                self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::UnionOffset<KeyDetailsUnion>
            where
                Self: ::planus::WriteAsUnion<KeyDetailsUnion>,
            {
                ::planus::WriteAsUnion::prepare(&self, builder)
            }
        }

        impl<T> ::planus::WriteAsUnion<KeyDetailsUnion>
            for KeyDetailsUnionBuilder<::planus::Initialized<1, T>>
        where
            T: ::planus::WriteAsOffset<self::EccKeyDetails>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::UnionOffset<KeyDetailsUnion> {
                ::planus::UnionOffset::new(1, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<KeyDetailsUnion>
            for KeyDetailsUnionBuilder<::planus::Initialized<1, T>>
        where
            T: ::planus::WriteAsOffset<self::EccKeyDetails>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<KeyDetailsUnion>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }
        impl<T> ::planus::WriteAsUnion<KeyDetailsUnion>
            for KeyDetailsUnionBuilder<::planus::Initialized<2, T>>
        where
            T: ::planus::WriteAsOffset<self::RsaKeyDetails>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::UnionOffset<KeyDetailsUnion> {
                ::planus::UnionOffset::new(2, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<KeyDetailsUnion>
            for KeyDetailsUnionBuilder<::planus::Initialized<2, T>>
        where
            T: ::planus::WriteAsOffset<self::RsaKeyDetails>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<KeyDetailsUnion>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }

        /// Reference to a deserialized [KeyDetailsUnion].
        #[derive(Copy, Clone, Debug)]
        pub enum KeyDetailsUnionRef<'a> {
            EccKeyDetails(self::EccKeyDetailsRef<'a>),
            RsaKeyDetails(self::RsaKeyDetailsRef<'a>),
        }

        impl<'a> ::core::convert::TryFrom<KeyDetailsUnionRef<'a>> for KeyDetailsUnion {
            type Error = ::planus::Error;

            fn try_from(value: KeyDetailsUnionRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(match value {
                    KeyDetailsUnionRef::EccKeyDetails(value) => {
                        Self::EccKeyDetails(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }

                    KeyDetailsUnionRef::RsaKeyDetails(value) => {
                        Self::RsaKeyDetails(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }
                })
            }
        }

        impl<'a> ::planus::TableReadUnion<'a> for KeyDetailsUnionRef<'a> {
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                tag: u8,
                field_offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                match tag {
                    1 => ::core::result::Result::Ok(Self::EccKeyDetails(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    2 => ::core::result::Result::Ok(Self::RsaKeyDetails(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    _ => {
                        ::core::result::Result::Err(::planus::errors::ErrorKind::UnknownUnionTag {
                            tag,
                        })
                    }
                }
            }
        }

        impl<'a> ::planus::VectorReadUnion<'a> for KeyDetailsUnionRef<'a> {
            const VECTOR_NAME: &'static str = "[KeyDetailsUnionRef]";
        }

        /// The table `KeyServerCapsule` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `KeyServerCapsule` in the file `crates/cdoc2/schema/header.fbs:33`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct KeyServerCapsule {
            /// The field `recipient_key_details` in the table `KeyServerCapsule`
            pub recipient_key_details: ::core::option::Option<self::KeyDetailsUnion>,
            /// The field `keyserver_id` in the table `KeyServerCapsule`
            pub keyserver_id: ::planus::alloc::string::String,
            /// The field `transaction_id` in the table `KeyServerCapsule`
            pub transaction_id: ::planus::alloc::string::String,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for KeyServerCapsule {
            fn default() -> Self {
                Self {
                    recipient_key_details: ::core::default::Default::default(),
                    keyserver_id: ::core::default::Default::default(),
                    transaction_id: ::core::default::Default::default(),
                }
            }
        }

        impl KeyServerCapsule {
            /// Creates a [KeyServerCapsuleBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> KeyServerCapsuleBuilder<()> {
                KeyServerCapsuleBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_recipient_key_details: impl ::planus::WriteAsOptionalUnion<self::KeyDetailsUnion>,
                field_keyserver_id: impl ::planus::WriteAs<::planus::Offset<str>>,
                field_transaction_id: impl ::planus::WriteAs<::planus::Offset<str>>,
            ) -> ::planus::Offset<Self> {
                let prepared_recipient_key_details = field_recipient_key_details.prepare(builder);
                let prepared_keyserver_id = field_keyserver_id.prepare(builder);
                let prepared_transaction_id = field_transaction_id.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<12> =
                    ::core::default::Default::default();
                if prepared_recipient_key_details.is_some() {
                    table_writer.write_entry::<::planus::Offset<self::KeyDetailsUnion>>(1);
                }
                table_writer.write_entry::<::planus::Offset<str>>(2);
                table_writer.write_entry::<::planus::Offset<str>>(3);
                if prepared_recipient_key_details.is_some() {
                    table_writer.write_entry::<u8>(0);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        if let ::core::option::Option::Some(prepared_recipient_key_details) =
                            prepared_recipient_key_details
                        {
                            object_writer
                                .write::<_, _, 4>(&prepared_recipient_key_details.offset());
                        }
                        object_writer.write::<_, _, 4>(&prepared_keyserver_id);
                        object_writer.write::<_, _, 4>(&prepared_transaction_id);
                        if let ::core::option::Option::Some(prepared_recipient_key_details) =
                            prepared_recipient_key_details
                        {
                            object_writer.write::<_, _, 1>(&prepared_recipient_key_details.tag());
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<KeyServerCapsule>> for KeyServerCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeyServerCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<KeyServerCapsule>> for KeyServerCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<KeyServerCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<KeyServerCapsule> for KeyServerCapsule {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeyServerCapsule> {
                KeyServerCapsule::create(
                    builder,
                    &self.recipient_key_details,
                    &self.keyserver_id,
                    &self.transaction_id,
                )
            }
        }

        /// Builder for serializing an instance of the [KeyServerCapsule] type.
        ///
        /// Can be created using the [KeyServerCapsule::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct KeyServerCapsuleBuilder<State>(State);

        impl KeyServerCapsuleBuilder<()> {
            /// Setter for the [`recipient_key_details` field](KeyServerCapsule#structfield.recipient_key_details).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_key_details<T0>(self, value: T0) -> KeyServerCapsuleBuilder<(T0,)>
            where
                T0: ::planus::WriteAsOptionalUnion<self::KeyDetailsUnion>,
            {
                KeyServerCapsuleBuilder((value,))
            }

            /// Sets the [`recipient_key_details` field](KeyServerCapsule#structfield.recipient_key_details) to null.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_key_details_as_null(self) -> KeyServerCapsuleBuilder<((),)> {
                self.recipient_key_details(())
            }
        }

        impl<T0> KeyServerCapsuleBuilder<(T0,)> {
            /// Setter for the [`keyserver_id` field](KeyServerCapsule#structfield.keyserver_id).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn keyserver_id<T1>(self, value: T1) -> KeyServerCapsuleBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<str>>,
            {
                let (v0,) = self.0;
                KeyServerCapsuleBuilder((v0, value))
            }
        }

        impl<T0, T1> KeyServerCapsuleBuilder<(T0, T1)> {
            /// Setter for the [`transaction_id` field](KeyServerCapsule#structfield.transaction_id).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn transaction_id<T2>(self, value: T2) -> KeyServerCapsuleBuilder<(T0, T1, T2)>
            where
                T2: ::planus::WriteAs<::planus::Offset<str>>,
            {
                let (v0, v1) = self.0;
                KeyServerCapsuleBuilder((v0, v1, value))
            }
        }

        impl<T0, T1, T2> KeyServerCapsuleBuilder<(T0, T1, T2)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [KeyServerCapsule].
            #[inline]
            pub fn finish(
                self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeyServerCapsule>
            where
                Self: ::planus::WriteAsOffset<KeyServerCapsule>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsOptionalUnion<self::KeyDetailsUnion>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAs<::planus::Offset<KeyServerCapsule>>
            for KeyServerCapsuleBuilder<(T0, T1, T2)>
        {
            type Prepared = ::planus::Offset<KeyServerCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeyServerCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsOptionalUnion<self::KeyDetailsUnion>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAsOptional<::planus::Offset<KeyServerCapsule>>
            for KeyServerCapsuleBuilder<(T0, T1, T2)>
        {
            type Prepared = ::planus::Offset<KeyServerCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<KeyServerCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAsOptionalUnion<self::KeyDetailsUnion>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAsOffset<KeyServerCapsule> for KeyServerCapsuleBuilder<(T0, T1, T2)>
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeyServerCapsule> {
                let (v0, v1, v2) = &self.0;
                KeyServerCapsule::create(builder, v0, v1, v2)
            }
        }

        /// Reference to a deserialized [KeyServerCapsule].
        #[derive(Copy, Clone)]
        pub struct KeyServerCapsuleRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> KeyServerCapsuleRef<'a> {
            /// Getter for the [`recipient_key_details` field](KeyServerCapsule#structfield.recipient_key_details).
            #[inline]
            pub fn recipient_key_details(
                &self,
            ) -> ::planus::Result<::core::option::Option<self::KeyDetailsUnionRef<'a>>>
            {
                self.0
                    .access_union(0, "KeyServerCapsule", "recipient_key_details")
            }

            /// Getter for the [`keyserver_id` field](KeyServerCapsule#structfield.keyserver_id).
            #[inline]
            pub fn keyserver_id(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0
                    .access_required(2, "KeyServerCapsule", "keyserver_id")
            }

            /// Getter for the [`transaction_id` field](KeyServerCapsule#structfield.transaction_id).
            #[inline]
            pub fn transaction_id(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0
                    .access_required(3, "KeyServerCapsule", "transaction_id")
            }
        }

        impl<'a> ::core::fmt::Debug for KeyServerCapsuleRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("KeyServerCapsuleRef");
                if let ::core::option::Option::Some(field_recipient_key_details) =
                    self.recipient_key_details().transpose()
                {
                    f.field("recipient_key_details", &field_recipient_key_details);
                }
                f.field("keyserver_id", &self.keyserver_id());
                f.field("transaction_id", &self.transaction_id());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<KeyServerCapsuleRef<'a>> for KeyServerCapsule {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: KeyServerCapsuleRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    recipient_key_details: if let ::core::option::Option::Some(
                        recipient_key_details,
                    ) = value.recipient_key_details()?
                    {
                        ::core::option::Option::Some(::core::convert::TryInto::try_into(
                            recipient_key_details,
                        )?)
                    } else {
                        ::core::option::Option::None
                    },
                    keyserver_id: ::core::convert::Into::into(value.keyserver_id()?),
                    transaction_id: ::core::convert::Into::into(value.transaction_id()?),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for KeyServerCapsuleRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for KeyServerCapsuleRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[KeyServerCapsuleRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<KeyServerCapsule>> for KeyServerCapsule {
            type Value = ::planus::Offset<KeyServerCapsule>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<KeyServerCapsule>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for KeyServerCapsuleRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[KeyServerCapsuleRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `SymmetricKeyCapsule` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `SymmetricKeyCapsule` in the file `crates/cdoc2/schema/header.fbs:39`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct SymmetricKeyCapsule {
            /// The field `salt` in the table `SymmetricKeyCapsule`
            pub salt: ::planus::alloc::vec::Vec<u8>,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for SymmetricKeyCapsule {
            fn default() -> Self {
                Self {
                    salt: ::core::default::Default::default(),
                }
            }
        }

        impl SymmetricKeyCapsule {
            /// Creates a [SymmetricKeyCapsuleBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> SymmetricKeyCapsuleBuilder<()> {
                SymmetricKeyCapsuleBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_salt: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
            ) -> ::planus::Offset<Self> {
                let prepared_salt = field_salt.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<6> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[u8]>>(0);

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_salt);
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<SymmetricKeyCapsule>> for SymmetricKeyCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<SymmetricKeyCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<SymmetricKeyCapsule>> for SymmetricKeyCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<SymmetricKeyCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<SymmetricKeyCapsule> for SymmetricKeyCapsule {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<SymmetricKeyCapsule> {
                SymmetricKeyCapsule::create(builder, &self.salt)
            }
        }

        /// Builder for serializing an instance of the [SymmetricKeyCapsule] type.
        ///
        /// Can be created using the [SymmetricKeyCapsule::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct SymmetricKeyCapsuleBuilder<State>(State);

        impl SymmetricKeyCapsuleBuilder<()> {
            /// Setter for the [`salt` field](SymmetricKeyCapsule#structfield.salt).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn salt<T0>(self, value: T0) -> SymmetricKeyCapsuleBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                SymmetricKeyCapsuleBuilder((value,))
            }
        }

        impl<T0> SymmetricKeyCapsuleBuilder<(T0,)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [SymmetricKeyCapsule].
            #[inline]
            pub fn finish(
                self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<SymmetricKeyCapsule>
            where
                Self: ::planus::WriteAsOffset<SymmetricKeyCapsule>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<T0: ::planus::WriteAs<::planus::Offset<[u8]>>>
            ::planus::WriteAs<::planus::Offset<SymmetricKeyCapsule>>
            for SymmetricKeyCapsuleBuilder<(T0,)>
        {
            type Prepared = ::planus::Offset<SymmetricKeyCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<SymmetricKeyCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<T0: ::planus::WriteAs<::planus::Offset<[u8]>>>
            ::planus::WriteAsOptional<::planus::Offset<SymmetricKeyCapsule>>
            for SymmetricKeyCapsuleBuilder<(T0,)>
        {
            type Prepared = ::planus::Offset<SymmetricKeyCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<SymmetricKeyCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<T0: ::planus::WriteAs<::planus::Offset<[u8]>>>
            ::planus::WriteAsOffset<SymmetricKeyCapsule> for SymmetricKeyCapsuleBuilder<(T0,)>
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<SymmetricKeyCapsule> {
                let (v0,) = &self.0;
                SymmetricKeyCapsule::create(builder, v0)
            }
        }

        /// Reference to a deserialized [SymmetricKeyCapsule].
        #[derive(Copy, Clone)]
        pub struct SymmetricKeyCapsuleRef<'a>(
            #[allow(dead_code)] ::planus::table_reader::Table<'a>,
        );

        impl<'a> SymmetricKeyCapsuleRef<'a> {
            /// Getter for the [`salt` field](SymmetricKeyCapsule#structfield.salt).
            #[inline]
            pub fn salt(&self) -> ::planus::Result<&'a [u8]> {
                self.0.access_required(0, "SymmetricKeyCapsule", "salt")
            }
        }

        impl<'a> ::core::fmt::Debug for SymmetricKeyCapsuleRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("SymmetricKeyCapsuleRef");
                f.field("salt", &self.salt());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<SymmetricKeyCapsuleRef<'a>> for SymmetricKeyCapsule {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: SymmetricKeyCapsuleRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    salt: value.salt()?.to_vec(),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for SymmetricKeyCapsuleRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for SymmetricKeyCapsuleRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[SymmetricKeyCapsuleRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<SymmetricKeyCapsule>> for SymmetricKeyCapsule {
            type Value = ::planus::Offset<SymmetricKeyCapsule>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<SymmetricKeyCapsule>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for SymmetricKeyCapsuleRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[SymmetricKeyCapsuleRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `PBKDF2Capsule` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `PBKDF2Capsule` in the file `crates/cdoc2/schema/header.fbs:43`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct Pbkdf2Capsule {
            /// The field `salt` in the table `PBKDF2Capsule`
            pub salt: ::planus::alloc::vec::Vec<u8>,
            /// The field `password_salt` in the table `PBKDF2Capsule`
            pub password_salt: ::planus::alloc::vec::Vec<u8>,
            /// The field `kdf_algorithm_identifier` in the table `PBKDF2Capsule`
            pub kdf_algorithm_identifier: self::KdfAlgorithmIdentifier,
            /// The field `kdf_iterations` in the table `PBKDF2Capsule`
            pub kdf_iterations: i32,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for Pbkdf2Capsule {
            fn default() -> Self {
                Self {
                    salt: ::core::default::Default::default(),
                    password_salt: ::core::default::Default::default(),
                    kdf_algorithm_identifier: self::KdfAlgorithmIdentifier::Unknown,
                    kdf_iterations: 0,
                }
            }
        }

        impl Pbkdf2Capsule {
            /// Creates a [Pbkdf2CapsuleBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> Pbkdf2CapsuleBuilder<()> {
                Pbkdf2CapsuleBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_salt: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
                field_password_salt: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
                field_kdf_algorithm_identifier: impl ::planus::WriteAsDefault<
                    self::KdfAlgorithmIdentifier,
                    self::KdfAlgorithmIdentifier,
                >,
                field_kdf_iterations: impl ::planus::WriteAsDefault<i32, i32>,
            ) -> ::planus::Offset<Self> {
                let prepared_salt = field_salt.prepare(builder);
                let prepared_password_salt = field_password_salt.prepare(builder);
                let prepared_kdf_algorithm_identifier = field_kdf_algorithm_identifier
                    .prepare(builder, &self::KdfAlgorithmIdentifier::Unknown);
                let prepared_kdf_iterations = field_kdf_iterations.prepare(builder, &0);

                let mut table_writer: ::planus::table_writer::TableWriter<12> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[u8]>>(0);
                table_writer.write_entry::<::planus::Offset<[u8]>>(1);
                if prepared_kdf_iterations.is_some() {
                    table_writer.write_entry::<i32>(3);
                }
                if prepared_kdf_algorithm_identifier.is_some() {
                    table_writer.write_entry::<self::KdfAlgorithmIdentifier>(2);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_salt);
                        object_writer.write::<_, _, 4>(&prepared_password_salt);
                        if let ::core::option::Option::Some(prepared_kdf_iterations) =
                            prepared_kdf_iterations
                        {
                            object_writer.write::<_, _, 4>(&prepared_kdf_iterations);
                        }
                        if let ::core::option::Option::Some(prepared_kdf_algorithm_identifier) =
                            prepared_kdf_algorithm_identifier
                        {
                            object_writer.write::<_, _, 1>(&prepared_kdf_algorithm_identifier);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<Pbkdf2Capsule>> for Pbkdf2Capsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Pbkdf2Capsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<Pbkdf2Capsule>> for Pbkdf2Capsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Pbkdf2Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<Pbkdf2Capsule> for Pbkdf2Capsule {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Pbkdf2Capsule> {
                Pbkdf2Capsule::create(
                    builder,
                    &self.salt,
                    &self.password_salt,
                    self.kdf_algorithm_identifier,
                    self.kdf_iterations,
                )
            }
        }

        /// Builder for serializing an instance of the [Pbkdf2Capsule] type.
        ///
        /// Can be created using the [Pbkdf2Capsule::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct Pbkdf2CapsuleBuilder<State>(State);

        impl Pbkdf2CapsuleBuilder<()> {
            /// Setter for the [`salt` field](Pbkdf2Capsule#structfield.salt).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn salt<T0>(self, value: T0) -> Pbkdf2CapsuleBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                Pbkdf2CapsuleBuilder((value,))
            }
        }

        impl<T0> Pbkdf2CapsuleBuilder<(T0,)> {
            /// Setter for the [`password_salt` field](Pbkdf2Capsule#structfield.password_salt).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn password_salt<T1>(self, value: T1) -> Pbkdf2CapsuleBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                let (v0,) = self.0;
                Pbkdf2CapsuleBuilder((v0, value))
            }
        }

        impl<T0, T1> Pbkdf2CapsuleBuilder<(T0, T1)> {
            /// Setter for the [`kdf_algorithm_identifier` field](Pbkdf2Capsule#structfield.kdf_algorithm_identifier).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn kdf_algorithm_identifier<T2>(
                self,
                value: T2,
            ) -> Pbkdf2CapsuleBuilder<(T0, T1, T2)>
            where
                T2: ::planus::WriteAsDefault<
                    self::KdfAlgorithmIdentifier,
                    self::KdfAlgorithmIdentifier,
                >,
            {
                let (v0, v1) = self.0;
                Pbkdf2CapsuleBuilder((v0, v1, value))
            }

            /// Sets the [`kdf_algorithm_identifier` field](Pbkdf2Capsule#structfield.kdf_algorithm_identifier) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn kdf_algorithm_identifier_as_default(
                self,
            ) -> Pbkdf2CapsuleBuilder<(T0, T1, ::planus::DefaultValue)> {
                self.kdf_algorithm_identifier(::planus::DefaultValue)
            }
        }

        impl<T0, T1, T2> Pbkdf2CapsuleBuilder<(T0, T1, T2)> {
            /// Setter for the [`kdf_iterations` field](Pbkdf2Capsule#structfield.kdf_iterations).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn kdf_iterations<T3>(self, value: T3) -> Pbkdf2CapsuleBuilder<(T0, T1, T2, T3)>
            where
                T3: ::planus::WriteAsDefault<i32, i32>,
            {
                let (v0, v1, v2) = self.0;
                Pbkdf2CapsuleBuilder((v0, v1, v2, value))
            }

            /// Sets the [`kdf_iterations` field](Pbkdf2Capsule#structfield.kdf_iterations) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn kdf_iterations_as_default(
                self,
            ) -> Pbkdf2CapsuleBuilder<(T0, T1, T2, ::planus::DefaultValue)> {
                self.kdf_iterations(::planus::DefaultValue)
            }
        }

        impl<T0, T1, T2, T3> Pbkdf2CapsuleBuilder<(T0, T1, T2, T3)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [Pbkdf2Capsule].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<Pbkdf2Capsule>
            where
                Self: ::planus::WriteAsOffset<Pbkdf2Capsule>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAsDefault<
                    self::KdfAlgorithmIdentifier,
                    self::KdfAlgorithmIdentifier,
                >,
                T3: ::planus::WriteAsDefault<i32, i32>,
            > ::planus::WriteAs<::planus::Offset<Pbkdf2Capsule>>
            for Pbkdf2CapsuleBuilder<(T0, T1, T2, T3)>
        {
            type Prepared = ::planus::Offset<Pbkdf2Capsule>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Pbkdf2Capsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAsDefault<
                    self::KdfAlgorithmIdentifier,
                    self::KdfAlgorithmIdentifier,
                >,
                T3: ::planus::WriteAsDefault<i32, i32>,
            > ::planus::WriteAsOptional<::planus::Offset<Pbkdf2Capsule>>
            for Pbkdf2CapsuleBuilder<(T0, T1, T2, T3)>
        {
            type Prepared = ::planus::Offset<Pbkdf2Capsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Pbkdf2Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAsDefault<
                    self::KdfAlgorithmIdentifier,
                    self::KdfAlgorithmIdentifier,
                >,
                T3: ::planus::WriteAsDefault<i32, i32>,
            > ::planus::WriteAsOffset<Pbkdf2Capsule> for Pbkdf2CapsuleBuilder<(T0, T1, T2, T3)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Pbkdf2Capsule> {
                let (v0, v1, v2, v3) = &self.0;
                Pbkdf2Capsule::create(builder, v0, v1, v2, v3)
            }
        }

        /// Reference to a deserialized [Pbkdf2Capsule].
        #[derive(Copy, Clone)]
        pub struct Pbkdf2CapsuleRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> Pbkdf2CapsuleRef<'a> {
            /// Getter for the [`salt` field](Pbkdf2Capsule#structfield.salt).
            #[inline]
            pub fn salt(&self) -> ::planus::Result<&'a [u8]> {
                self.0.access_required(0, "Pbkdf2Capsule", "salt")
            }

            /// Getter for the [`password_salt` field](Pbkdf2Capsule#structfield.password_salt).
            #[inline]
            pub fn password_salt(&self) -> ::planus::Result<&'a [u8]> {
                self.0.access_required(1, "Pbkdf2Capsule", "password_salt")
            }

            /// Getter for the [`kdf_algorithm_identifier` field](Pbkdf2Capsule#structfield.kdf_algorithm_identifier).
            #[inline]
            pub fn kdf_algorithm_identifier(
                &self,
            ) -> ::planus::Result<self::KdfAlgorithmIdentifier> {
                ::core::result::Result::Ok(
                    self.0
                        .access(2, "Pbkdf2Capsule", "kdf_algorithm_identifier")?
                        .unwrap_or(self::KdfAlgorithmIdentifier::Unknown),
                )
            }

            /// Getter for the [`kdf_iterations` field](Pbkdf2Capsule#structfield.kdf_iterations).
            #[inline]
            pub fn kdf_iterations(&self) -> ::planus::Result<i32> {
                ::core::result::Result::Ok(
                    self.0
                        .access(3, "Pbkdf2Capsule", "kdf_iterations")?
                        .unwrap_or(0),
                )
            }
        }

        impl<'a> ::core::fmt::Debug for Pbkdf2CapsuleRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("Pbkdf2CapsuleRef");
                f.field("salt", &self.salt());
                f.field("password_salt", &self.password_salt());
                f.field("kdf_algorithm_identifier", &self.kdf_algorithm_identifier());
                f.field("kdf_iterations", &self.kdf_iterations());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<Pbkdf2CapsuleRef<'a>> for Pbkdf2Capsule {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: Pbkdf2CapsuleRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    salt: value.salt()?.to_vec(),
                    password_salt: value.password_salt()?.to_vec(),
                    kdf_algorithm_identifier: ::core::convert::TryInto::try_into(
                        value.kdf_algorithm_identifier()?,
                    )?,
                    kdf_iterations: ::core::convert::TryInto::try_into(value.kdf_iterations()?)?,
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for Pbkdf2CapsuleRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for Pbkdf2CapsuleRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[Pbkdf2CapsuleRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<Pbkdf2Capsule>> for Pbkdf2Capsule {
            type Value = ::planus::Offset<Pbkdf2Capsule>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<Pbkdf2Capsule>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for Pbkdf2CapsuleRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[Pbkdf2CapsuleRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `KeyShare` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `KeyShare` in the file `crates/cdoc2/schema/header.fbs:50`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct KeyShare {
            /// The field `server_base_url` in the table `KeyShare`
            pub server_base_url: ::planus::alloc::string::String,
            /// The field `share_id` in the table `KeyShare`
            pub share_id: ::planus::alloc::string::String,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for KeyShare {
            fn default() -> Self {
                Self {
                    server_base_url: ::core::default::Default::default(),
                    share_id: ::core::default::Default::default(),
                }
            }
        }

        impl KeyShare {
            /// Creates a [KeyShareBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> KeyShareBuilder<()> {
                KeyShareBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_server_base_url: impl ::planus::WriteAs<::planus::Offset<str>>,
                field_share_id: impl ::planus::WriteAs<::planus::Offset<str>>,
            ) -> ::planus::Offset<Self> {
                let prepared_server_base_url = field_server_base_url.prepare(builder);
                let prepared_share_id = field_share_id.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<8> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<str>>(0);
                table_writer.write_entry::<::planus::Offset<str>>(1);

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_server_base_url);
                        object_writer.write::<_, _, 4>(&prepared_share_id);
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<KeyShare>> for KeyShare {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<KeyShare> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<KeyShare>> for KeyShare {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<KeyShare>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<KeyShare> for KeyShare {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<KeyShare> {
                KeyShare::create(builder, &self.server_base_url, &self.share_id)
            }
        }

        /// Builder for serializing an instance of the [KeyShare] type.
        ///
        /// Can be created using the [KeyShare::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct KeyShareBuilder<State>(State);

        impl KeyShareBuilder<()> {
            /// Setter for the [`server_base_url` field](KeyShare#structfield.server_base_url).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn server_base_url<T0>(self, value: T0) -> KeyShareBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<str>>,
            {
                KeyShareBuilder((value,))
            }
        }

        impl<T0> KeyShareBuilder<(T0,)> {
            /// Setter for the [`share_id` field](KeyShare#structfield.share_id).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn share_id<T1>(self, value: T1) -> KeyShareBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<str>>,
            {
                let (v0,) = self.0;
                KeyShareBuilder((v0, value))
            }
        }

        impl<T0, T1> KeyShareBuilder<(T0, T1)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [KeyShare].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<KeyShare>
            where
                Self: ::planus::WriteAsOffset<KeyShare>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAs<::planus::Offset<KeyShare>> for KeyShareBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<KeyShare>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<KeyShare> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAsOptional<::planus::Offset<KeyShare>> for KeyShareBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<KeyShare>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<KeyShare>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAsOffset<KeyShare> for KeyShareBuilder<(T0, T1)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<KeyShare> {
                let (v0, v1) = &self.0;
                KeyShare::create(builder, v0, v1)
            }
        }

        /// Reference to a deserialized [KeyShare].
        #[derive(Copy, Clone)]
        pub struct KeyShareRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> KeyShareRef<'a> {
            /// Getter for the [`server_base_url` field](KeyShare#structfield.server_base_url).
            #[inline]
            pub fn server_base_url(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0.access_required(0, "KeyShare", "server_base_url")
            }

            /// Getter for the [`share_id` field](KeyShare#structfield.share_id).
            #[inline]
            pub fn share_id(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0.access_required(1, "KeyShare", "share_id")
            }
        }

        impl<'a> ::core::fmt::Debug for KeyShareRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("KeyShareRef");
                f.field("server_base_url", &self.server_base_url());
                f.field("share_id", &self.share_id());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<KeyShareRef<'a>> for KeyShare {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: KeyShareRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    server_base_url: ::core::convert::Into::into(value.server_base_url()?),
                    share_id: ::core::convert::Into::into(value.share_id()?),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for KeyShareRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for KeyShareRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location("[KeyShareRef]", "get", buffer.offset_from_start)
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<KeyShare>> for KeyShare {
            type Value = ::planus::Offset<KeyShare>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<KeyShare>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for KeyShareRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[KeyShareRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `KeySharesCapsule` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `KeySharesCapsule` in the file `crates/cdoc2/schema/header.fbs:55`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct KeySharesCapsule {
            /// The field `shares` in the table `KeySharesCapsule`
            pub shares: ::planus::alloc::vec::Vec<self::KeyShare>,
            /// The field `salt` in the table `KeySharesCapsule`
            pub salt: ::planus::alloc::vec::Vec<u8>,
            /// The field `recipient_type` in the table `KeySharesCapsule`
            pub recipient_type: self::KeyShareRecipientType,
            /// The field `shares_scheme` in the table `KeySharesCapsule`
            pub shares_scheme: self::SharesScheme,
            /// The field `recipient_id` in the table `KeySharesCapsule`
            pub recipient_id: ::planus::alloc::string::String,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for KeySharesCapsule {
            fn default() -> Self {
                Self {
                    shares: ::core::default::Default::default(),
                    salt: ::core::default::Default::default(),
                    recipient_type: self::KeyShareRecipientType::Unknown,
                    shares_scheme: self::SharesScheme::Unknown,
                    recipient_id: ::core::default::Default::default(),
                }
            }
        }

        impl KeySharesCapsule {
            /// Creates a [KeySharesCapsuleBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> KeySharesCapsuleBuilder<()> {
                KeySharesCapsuleBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_shares: impl ::planus::WriteAs<
                    ::planus::Offset<[::planus::Offset<self::KeyShare>]>,
                >,
                field_salt: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
                field_recipient_type: impl ::planus::WriteAsDefault<
                    self::KeyShareRecipientType,
                    self::KeyShareRecipientType,
                >,
                field_shares_scheme: impl ::planus::WriteAsDefault<
                    self::SharesScheme,
                    self::SharesScheme,
                >,
                field_recipient_id: impl ::planus::WriteAs<::planus::Offset<str>>,
            ) -> ::planus::Offset<Self> {
                let prepared_shares = field_shares.prepare(builder);
                let prepared_salt = field_salt.prepare(builder);
                let prepared_recipient_type =
                    field_recipient_type.prepare(builder, &self::KeyShareRecipientType::Unknown);
                let prepared_shares_scheme =
                    field_shares_scheme.prepare(builder, &self::SharesScheme::Unknown);
                let prepared_recipient_id = field_recipient_id.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<14> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[::planus::Offset<self::KeyShare>]>>(0);
                table_writer.write_entry::<::planus::Offset<[u8]>>(1);
                table_writer.write_entry::<::planus::Offset<str>>(4);
                if prepared_recipient_type.is_some() {
                    table_writer.write_entry::<self::KeyShareRecipientType>(2);
                }
                if prepared_shares_scheme.is_some() {
                    table_writer.write_entry::<self::SharesScheme>(3);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_shares);
                        object_writer.write::<_, _, 4>(&prepared_salt);
                        object_writer.write::<_, _, 4>(&prepared_recipient_id);
                        if let ::core::option::Option::Some(prepared_recipient_type) =
                            prepared_recipient_type
                        {
                            object_writer.write::<_, _, 1>(&prepared_recipient_type);
                        }
                        if let ::core::option::Option::Some(prepared_shares_scheme) =
                            prepared_shares_scheme
                        {
                            object_writer.write::<_, _, 1>(&prepared_shares_scheme);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<KeySharesCapsule>> for KeySharesCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeySharesCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<KeySharesCapsule>> for KeySharesCapsule {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<KeySharesCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<KeySharesCapsule> for KeySharesCapsule {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeySharesCapsule> {
                KeySharesCapsule::create(
                    builder,
                    &self.shares,
                    &self.salt,
                    self.recipient_type,
                    self.shares_scheme,
                    &self.recipient_id,
                )
            }
        }

        /// Builder for serializing an instance of the [KeySharesCapsule] type.
        ///
        /// Can be created using the [KeySharesCapsule::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct KeySharesCapsuleBuilder<State>(State);

        impl KeySharesCapsuleBuilder<()> {
            /// Setter for the [`shares` field](KeySharesCapsule#structfield.shares).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn shares<T0>(self, value: T0) -> KeySharesCapsuleBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::KeyShare>]>>,
            {
                KeySharesCapsuleBuilder((value,))
            }
        }

        impl<T0> KeySharesCapsuleBuilder<(T0,)> {
            /// Setter for the [`salt` field](KeySharesCapsule#structfield.salt).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn salt<T1>(self, value: T1) -> KeySharesCapsuleBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                let (v0,) = self.0;
                KeySharesCapsuleBuilder((v0, value))
            }
        }

        impl<T0, T1> KeySharesCapsuleBuilder<(T0, T1)> {
            /// Setter for the [`recipient_type` field](KeySharesCapsule#structfield.recipient_type).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_type<T2>(self, value: T2) -> KeySharesCapsuleBuilder<(T0, T1, T2)>
            where
                T2: ::planus::WriteAsDefault<
                    self::KeyShareRecipientType,
                    self::KeyShareRecipientType,
                >,
            {
                let (v0, v1) = self.0;
                KeySharesCapsuleBuilder((v0, v1, value))
            }

            /// Sets the [`recipient_type` field](KeySharesCapsule#structfield.recipient_type) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_type_as_default(
                self,
            ) -> KeySharesCapsuleBuilder<(T0, T1, ::planus::DefaultValue)> {
                self.recipient_type(::planus::DefaultValue)
            }
        }

        impl<T0, T1, T2> KeySharesCapsuleBuilder<(T0, T1, T2)> {
            /// Setter for the [`shares_scheme` field](KeySharesCapsule#structfield.shares_scheme).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn shares_scheme<T3>(self, value: T3) -> KeySharesCapsuleBuilder<(T0, T1, T2, T3)>
            where
                T3: ::planus::WriteAsDefault<self::SharesScheme, self::SharesScheme>,
            {
                let (v0, v1, v2) = self.0;
                KeySharesCapsuleBuilder((v0, v1, v2, value))
            }

            /// Sets the [`shares_scheme` field](KeySharesCapsule#structfield.shares_scheme) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn shares_scheme_as_default(
                self,
            ) -> KeySharesCapsuleBuilder<(T0, T1, T2, ::planus::DefaultValue)> {
                self.shares_scheme(::planus::DefaultValue)
            }
        }

        impl<T0, T1, T2, T3> KeySharesCapsuleBuilder<(T0, T1, T2, T3)> {
            /// Setter for the [`recipient_id` field](KeySharesCapsule#structfield.recipient_id).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipient_id<T4>(
                self,
                value: T4,
            ) -> KeySharesCapsuleBuilder<(T0, T1, T2, T3, T4)>
            where
                T4: ::planus::WriteAs<::planus::Offset<str>>,
            {
                let (v0, v1, v2, v3) = self.0;
                KeySharesCapsuleBuilder((v0, v1, v2, v3, value))
            }
        }

        impl<T0, T1, T2, T3, T4> KeySharesCapsuleBuilder<(T0, T1, T2, T3, T4)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [KeySharesCapsule].
            #[inline]
            pub fn finish(
                self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeySharesCapsule>
            where
                Self: ::planus::WriteAsOffset<KeySharesCapsule>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::KeyShare>]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAsDefault<self::KeyShareRecipientType, self::KeyShareRecipientType>,
                T3: ::planus::WriteAsDefault<self::SharesScheme, self::SharesScheme>,
                T4: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAs<::planus::Offset<KeySharesCapsule>>
            for KeySharesCapsuleBuilder<(T0, T1, T2, T3, T4)>
        {
            type Prepared = ::planus::Offset<KeySharesCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeySharesCapsule> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::KeyShare>]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAsDefault<self::KeyShareRecipientType, self::KeyShareRecipientType>,
                T3: ::planus::WriteAsDefault<self::SharesScheme, self::SharesScheme>,
                T4: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAsOptional<::planus::Offset<KeySharesCapsule>>
            for KeySharesCapsuleBuilder<(T0, T1, T2, T3, T4)>
        {
            type Prepared = ::planus::Offset<KeySharesCapsule>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<KeySharesCapsule>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::KeyShare>]>>,
                T1: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T2: ::planus::WriteAsDefault<self::KeyShareRecipientType, self::KeyShareRecipientType>,
                T3: ::planus::WriteAsDefault<self::SharesScheme, self::SharesScheme>,
                T4: ::planus::WriteAs<::planus::Offset<str>>,
            > ::planus::WriteAsOffset<KeySharesCapsule>
            for KeySharesCapsuleBuilder<(T0, T1, T2, T3, T4)>
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<KeySharesCapsule> {
                let (v0, v1, v2, v3, v4) = &self.0;
                KeySharesCapsule::create(builder, v0, v1, v2, v3, v4)
            }
        }

        /// Reference to a deserialized [KeySharesCapsule].
        #[derive(Copy, Clone)]
        pub struct KeySharesCapsuleRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> KeySharesCapsuleRef<'a> {
            /// Getter for the [`shares` field](KeySharesCapsule#structfield.shares).
            #[inline]
            pub fn shares(
                &self,
            ) -> ::planus::Result<::planus::Vector<'a, ::planus::Result<self::KeyShareRef<'a>>>>
            {
                self.0.access_required(0, "KeySharesCapsule", "shares")
            }

            /// Getter for the [`salt` field](KeySharesCapsule#structfield.salt).
            #[inline]
            pub fn salt(&self) -> ::planus::Result<&'a [u8]> {
                self.0.access_required(1, "KeySharesCapsule", "salt")
            }

            /// Getter for the [`recipient_type` field](KeySharesCapsule#structfield.recipient_type).
            #[inline]
            pub fn recipient_type(&self) -> ::planus::Result<self::KeyShareRecipientType> {
                ::core::result::Result::Ok(
                    self.0
                        .access(2, "KeySharesCapsule", "recipient_type")?
                        .unwrap_or(self::KeyShareRecipientType::Unknown),
                )
            }

            /// Getter for the [`shares_scheme` field](KeySharesCapsule#structfield.shares_scheme).
            #[inline]
            pub fn shares_scheme(&self) -> ::planus::Result<self::SharesScheme> {
                ::core::result::Result::Ok(
                    self.0
                        .access(3, "KeySharesCapsule", "shares_scheme")?
                        .unwrap_or(self::SharesScheme::Unknown),
                )
            }

            /// Getter for the [`recipient_id` field](KeySharesCapsule#structfield.recipient_id).
            #[inline]
            pub fn recipient_id(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0
                    .access_required(4, "KeySharesCapsule", "recipient_id")
            }
        }

        impl<'a> ::core::fmt::Debug for KeySharesCapsuleRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("KeySharesCapsuleRef");
                f.field("shares", &self.shares());
                f.field("salt", &self.salt());
                f.field("recipient_type", &self.recipient_type());
                f.field("shares_scheme", &self.shares_scheme());
                f.field("recipient_id", &self.recipient_id());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<KeySharesCapsuleRef<'a>> for KeySharesCapsule {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: KeySharesCapsuleRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    shares: value.shares()?.to_vec_result()?,
                    salt: value.salt()?.to_vec(),
                    recipient_type: ::core::convert::TryInto::try_into(value.recipient_type()?)?,
                    shares_scheme: ::core::convert::TryInto::try_into(value.shares_scheme()?)?,
                    recipient_id: ::core::convert::Into::into(value.recipient_id()?),
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for KeySharesCapsuleRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for KeySharesCapsuleRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[KeySharesCapsuleRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<KeySharesCapsule>> for KeySharesCapsule {
            type Value = ::planus::Offset<KeySharesCapsule>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<KeySharesCapsule>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for KeySharesCapsuleRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[KeySharesCapsuleRef]", "read_as_root", 0)
                })
            }
        }

        /// The union `Capsule` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Union `Capsule` in the file `crates/cdoc2/schema/header.fbs:63`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub enum Capsule {
            /// The variant of type `ECCPublicKeyCapsule` in the union `Capsule`
            EccPublicKeyCapsule(::planus::alloc::boxed::Box<self::EccPublicKeyCapsule>),

            /// The variant of type `RSAPublicKeyCapsule` in the union `Capsule`
            RsaPublicKeyCapsule(::planus::alloc::boxed::Box<self::RsaPublicKeyCapsule>),

            /// The variant of type `KeyServerCapsule` in the union `Capsule`
            KeyServerCapsule(::planus::alloc::boxed::Box<self::KeyServerCapsule>),

            /// The variant of type `SymmetricKeyCapsule` in the union `Capsule`
            SymmetricKeyCapsule(::planus::alloc::boxed::Box<self::SymmetricKeyCapsule>),

            /// The variant of type `PBKDF2Capsule` in the union `Capsule`
            Pbkdf2Capsule(::planus::alloc::boxed::Box<self::Pbkdf2Capsule>),

            /// The variant of type `KeySharesCapsule` in the union `Capsule`
            KeySharesCapsule(::planus::alloc::boxed::Box<self::KeySharesCapsule>),
        }

        impl Capsule {
            /// Creates a [CapsuleBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> CapsuleBuilder<::planus::Uninitialized> {
                CapsuleBuilder(::planus::Uninitialized)
            }

            #[inline]
            pub fn create_ecc_public_key_capsule(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::EccPublicKeyCapsule>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(1, value.prepare(builder).downcast())
            }

            #[inline]
            pub fn create_rsa_public_key_capsule(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::RsaPublicKeyCapsule>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(2, value.prepare(builder).downcast())
            }

            #[inline]
            pub fn create_key_server_capsule(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::KeyServerCapsule>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(3, value.prepare(builder).downcast())
            }

            #[inline]
            pub fn create_symmetric_key_capsule(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::SymmetricKeyCapsule>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(4, value.prepare(builder).downcast())
            }

            #[inline]
            pub fn create_pbkdf2_capsule(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::Pbkdf2Capsule>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(5, value.prepare(builder).downcast())
            }

            #[inline]
            pub fn create_key_shares_capsule(
                builder: &mut ::planus::Builder,
                value: impl ::planus::WriteAsOffset<self::KeySharesCapsule>,
            ) -> ::planus::UnionOffset<Self> {
                ::planus::UnionOffset::new(6, value.prepare(builder).downcast())
            }
        }

        impl ::planus::WriteAsUnion<Capsule> for Capsule {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Self> {
                match self {
                    Self::EccPublicKeyCapsule(value) => {
                        Self::create_ecc_public_key_capsule(builder, value)
                    }
                    Self::RsaPublicKeyCapsule(value) => {
                        Self::create_rsa_public_key_capsule(builder, value)
                    }
                    Self::KeyServerCapsule(value) => {
                        Self::create_key_server_capsule(builder, value)
                    }
                    Self::SymmetricKeyCapsule(value) => {
                        Self::create_symmetric_key_capsule(builder, value)
                    }
                    Self::Pbkdf2Capsule(value) => Self::create_pbkdf2_capsule(builder, value),
                    Self::KeySharesCapsule(value) => {
                        Self::create_key_shares_capsule(builder, value)
                    }
                }
            }
        }

        impl ::planus::WriteAsOptionalUnion<Capsule> for Capsule {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Self>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }

        /// Builder for serializing an instance of the [Capsule] type.
        ///
        /// Can be created using the [Capsule::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct CapsuleBuilder<T>(T);

        impl CapsuleBuilder<::planus::Uninitialized> {
            /// Creates an instance of the [`ECCPublicKeyCapsule` variant](Capsule#variant.EccPublicKeyCapsule).
            #[inline]
            pub fn ecc_public_key_capsule<T>(
                self,
                value: T,
            ) -> CapsuleBuilder<::planus::Initialized<1, T>>
            where
                T: ::planus::WriteAsOffset<self::EccPublicKeyCapsule>,
            {
                CapsuleBuilder(::planus::Initialized(value))
            }

            /// Creates an instance of the [`RSAPublicKeyCapsule` variant](Capsule#variant.RsaPublicKeyCapsule).
            #[inline]
            pub fn rsa_public_key_capsule<T>(
                self,
                value: T,
            ) -> CapsuleBuilder<::planus::Initialized<2, T>>
            where
                T: ::planus::WriteAsOffset<self::RsaPublicKeyCapsule>,
            {
                CapsuleBuilder(::planus::Initialized(value))
            }

            /// Creates an instance of the [`KeyServerCapsule` variant](Capsule#variant.KeyServerCapsule).
            #[inline]
            pub fn key_server_capsule<T>(
                self,
                value: T,
            ) -> CapsuleBuilder<::planus::Initialized<3, T>>
            where
                T: ::planus::WriteAsOffset<self::KeyServerCapsule>,
            {
                CapsuleBuilder(::planus::Initialized(value))
            }

            /// Creates an instance of the [`SymmetricKeyCapsule` variant](Capsule#variant.SymmetricKeyCapsule).
            #[inline]
            pub fn symmetric_key_capsule<T>(
                self,
                value: T,
            ) -> CapsuleBuilder<::planus::Initialized<4, T>>
            where
                T: ::planus::WriteAsOffset<self::SymmetricKeyCapsule>,
            {
                CapsuleBuilder(::planus::Initialized(value))
            }

            /// Creates an instance of the [`PBKDF2Capsule` variant](Capsule#variant.Pbkdf2Capsule).
            #[inline]
            pub fn pbkdf2_capsule<T>(self, value: T) -> CapsuleBuilder<::planus::Initialized<5, T>>
            where
                T: ::planus::WriteAsOffset<self::Pbkdf2Capsule>,
            {
                CapsuleBuilder(::planus::Initialized(value))
            }

            /// Creates an instance of the [`KeySharesCapsule` variant](Capsule#variant.KeySharesCapsule).
            #[inline]
            pub fn key_shares_capsule<T>(
                self,
                value: T,
            ) -> CapsuleBuilder<::planus::Initialized<6, T>>
            where
                T: ::planus::WriteAsOffset<self::KeySharesCapsule>,
            {
                CapsuleBuilder(::planus::Initialized(value))
            }
        }

        impl<const N: u8, T> CapsuleBuilder<::planus::Initialized<N, T>> {
            /// Finish writing the builder to get an [UnionOffset](::planus::UnionOffset) to a serialized [Capsule].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Capsule>
            where
                Self: ::planus::WriteAsUnion<Capsule>,
            {
                ::planus::WriteAsUnion::prepare(&self, builder)
            }
        }

        impl<T> ::planus::WriteAsUnion<Capsule> for CapsuleBuilder<::planus::Initialized<1, T>>
        where
            T: ::planus::WriteAsOffset<self::EccPublicKeyCapsule>,
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Capsule> {
                ::planus::UnionOffset::new(1, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<Capsule> for CapsuleBuilder<::planus::Initialized<1, T>>
        where
            T: ::planus::WriteAsOffset<self::EccPublicKeyCapsule>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }
        impl<T> ::planus::WriteAsUnion<Capsule> for CapsuleBuilder<::planus::Initialized<2, T>>
        where
            T: ::planus::WriteAsOffset<self::RsaPublicKeyCapsule>,
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Capsule> {
                ::planus::UnionOffset::new(2, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<Capsule> for CapsuleBuilder<::planus::Initialized<2, T>>
        where
            T: ::planus::WriteAsOffset<self::RsaPublicKeyCapsule>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }
        impl<T> ::planus::WriteAsUnion<Capsule> for CapsuleBuilder<::planus::Initialized<3, T>>
        where
            T: ::planus::WriteAsOffset<self::KeyServerCapsule>,
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Capsule> {
                ::planus::UnionOffset::new(3, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<Capsule> for CapsuleBuilder<::planus::Initialized<3, T>>
        where
            T: ::planus::WriteAsOffset<self::KeyServerCapsule>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }
        impl<T> ::planus::WriteAsUnion<Capsule> for CapsuleBuilder<::planus::Initialized<4, T>>
        where
            T: ::planus::WriteAsOffset<self::SymmetricKeyCapsule>,
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Capsule> {
                ::planus::UnionOffset::new(4, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<Capsule> for CapsuleBuilder<::planus::Initialized<4, T>>
        where
            T: ::planus::WriteAsOffset<self::SymmetricKeyCapsule>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }
        impl<T> ::planus::WriteAsUnion<Capsule> for CapsuleBuilder<::planus::Initialized<5, T>>
        where
            T: ::planus::WriteAsOffset<self::Pbkdf2Capsule>,
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Capsule> {
                ::planus::UnionOffset::new(5, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<Capsule> for CapsuleBuilder<::planus::Initialized<5, T>>
        where
            T: ::planus::WriteAsOffset<self::Pbkdf2Capsule>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }
        impl<T> ::planus::WriteAsUnion<Capsule> for CapsuleBuilder<::planus::Initialized<6, T>>
        where
            T: ::planus::WriteAsOffset<self::KeySharesCapsule>,
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::UnionOffset<Capsule> {
                ::planus::UnionOffset::new(6, (self.0).0.prepare(builder).downcast())
            }
        }

        impl<T> ::planus::WriteAsOptionalUnion<Capsule> for CapsuleBuilder<::planus::Initialized<6, T>>
        where
            T: ::planus::WriteAsOffset<self::KeySharesCapsule>,
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::UnionOffset<Capsule>> {
                ::core::option::Option::Some(::planus::WriteAsUnion::prepare(self, builder))
            }
        }

        /// Reference to a deserialized [Capsule].
        #[derive(Copy, Clone, Debug)]
        pub enum CapsuleRef<'a> {
            EccPublicKeyCapsule(self::EccPublicKeyCapsuleRef<'a>),
            RsaPublicKeyCapsule(self::RsaPublicKeyCapsuleRef<'a>),
            KeyServerCapsule(self::KeyServerCapsuleRef<'a>),
            SymmetricKeyCapsule(self::SymmetricKeyCapsuleRef<'a>),
            Pbkdf2Capsule(self::Pbkdf2CapsuleRef<'a>),
            KeySharesCapsule(self::KeySharesCapsuleRef<'a>),
        }

        impl<'a> ::core::convert::TryFrom<CapsuleRef<'a>> for Capsule {
            type Error = ::planus::Error;

            fn try_from(value: CapsuleRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(match value {
                    CapsuleRef::EccPublicKeyCapsule(value) => {
                        Self::EccPublicKeyCapsule(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }

                    CapsuleRef::RsaPublicKeyCapsule(value) => {
                        Self::RsaPublicKeyCapsule(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }

                    CapsuleRef::KeyServerCapsule(value) => {
                        Self::KeyServerCapsule(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }

                    CapsuleRef::SymmetricKeyCapsule(value) => {
                        Self::SymmetricKeyCapsule(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }

                    CapsuleRef::Pbkdf2Capsule(value) => {
                        Self::Pbkdf2Capsule(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }

                    CapsuleRef::KeySharesCapsule(value) => {
                        Self::KeySharesCapsule(::planus::alloc::boxed::Box::new(
                            ::core::convert::TryFrom::try_from(value)?,
                        ))
                    }
                })
            }
        }

        impl<'a> ::planus::TableReadUnion<'a> for CapsuleRef<'a> {
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                tag: u8,
                field_offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                match tag {
                    1 => ::core::result::Result::Ok(Self::EccPublicKeyCapsule(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    2 => ::core::result::Result::Ok(Self::RsaPublicKeyCapsule(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    3 => ::core::result::Result::Ok(Self::KeyServerCapsule(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    4 => ::core::result::Result::Ok(Self::SymmetricKeyCapsule(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    5 => ::core::result::Result::Ok(Self::Pbkdf2Capsule(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    6 => ::core::result::Result::Ok(Self::KeySharesCapsule(
                        ::planus::TableRead::from_buffer(buffer, field_offset)?,
                    )),
                    _ => {
                        ::core::result::Result::Err(::planus::errors::ErrorKind::UnknownUnionTag {
                            tag,
                        })
                    }
                }
            }
        }

        impl<'a> ::planus::VectorReadUnion<'a> for CapsuleRef<'a> {
            const VECTOR_NAME: &'static str = "[CapsuleRef]";
        }

        /// The table `RecipientRecord` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `RecipientRecord` in the file `crates/cdoc2/schema/header.fbs:72`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct RecipientRecord {
            /// The field `capsule` in the table `RecipientRecord`
            pub capsule: ::core::option::Option<self::Capsule>,
            /// The field `key_label` in the table `RecipientRecord`
            pub key_label: ::planus::alloc::string::String,
            /// The field `encrypted_fmk` in the table `RecipientRecord`
            pub encrypted_fmk: ::planus::alloc::vec::Vec<u8>,
            /// The field `fmk_encryption_method` in the table `RecipientRecord`
            pub fmk_encryption_method: self::FmkEncryptionMethod,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for RecipientRecord {
            fn default() -> Self {
                Self {
                    capsule: ::core::default::Default::default(),
                    key_label: ::core::default::Default::default(),
                    encrypted_fmk: ::core::default::Default::default(),
                    fmk_encryption_method: self::FmkEncryptionMethod::Unknown,
                }
            }
        }

        impl RecipientRecord {
            /// Creates a [RecipientRecordBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> RecipientRecordBuilder<()> {
                RecipientRecordBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_capsule: impl ::planus::WriteAsOptionalUnion<self::Capsule>,
                field_key_label: impl ::planus::WriteAs<::planus::Offset<str>>,
                field_encrypted_fmk: impl ::planus::WriteAs<::planus::Offset<[u8]>>,
                field_fmk_encryption_method: impl ::planus::WriteAsDefault<
                    self::FmkEncryptionMethod,
                    self::FmkEncryptionMethod,
                >,
            ) -> ::planus::Offset<Self> {
                let prepared_capsule = field_capsule.prepare(builder);
                let prepared_key_label = field_key_label.prepare(builder);
                let prepared_encrypted_fmk = field_encrypted_fmk.prepare(builder);
                let prepared_fmk_encryption_method = field_fmk_encryption_method
                    .prepare(builder, &self::FmkEncryptionMethod::Unknown);

                let mut table_writer: ::planus::table_writer::TableWriter<14> =
                    ::core::default::Default::default();
                if prepared_capsule.is_some() {
                    table_writer.write_entry::<::planus::Offset<self::Capsule>>(1);
                }
                table_writer.write_entry::<::planus::Offset<str>>(2);
                table_writer.write_entry::<::planus::Offset<[u8]>>(3);
                if prepared_capsule.is_some() {
                    table_writer.write_entry::<u8>(0);
                }
                if prepared_fmk_encryption_method.is_some() {
                    table_writer.write_entry::<self::FmkEncryptionMethod>(4);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        if let ::core::option::Option::Some(prepared_capsule) = prepared_capsule {
                            object_writer.write::<_, _, 4>(&prepared_capsule.offset());
                        }
                        object_writer.write::<_, _, 4>(&prepared_key_label);
                        object_writer.write::<_, _, 4>(&prepared_encrypted_fmk);
                        if let ::core::option::Option::Some(prepared_capsule) = prepared_capsule {
                            object_writer.write::<_, _, 1>(&prepared_capsule.tag());
                        }
                        if let ::core::option::Option::Some(prepared_fmk_encryption_method) =
                            prepared_fmk_encryption_method
                        {
                            object_writer.write::<_, _, 1>(&prepared_fmk_encryption_method);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<RecipientRecord>> for RecipientRecord {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RecipientRecord> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<RecipientRecord>> for RecipientRecord {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<RecipientRecord>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<RecipientRecord> for RecipientRecord {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RecipientRecord> {
                RecipientRecord::create(
                    builder,
                    &self.capsule,
                    &self.key_label,
                    &self.encrypted_fmk,
                    self.fmk_encryption_method,
                )
            }
        }

        /// Builder for serializing an instance of the [RecipientRecord] type.
        ///
        /// Can be created using the [RecipientRecord::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct RecipientRecordBuilder<State>(State);

        impl RecipientRecordBuilder<()> {
            /// Setter for the [`capsule` field](RecipientRecord#structfield.capsule).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn capsule<T0>(self, value: T0) -> RecipientRecordBuilder<(T0,)>
            where
                T0: ::planus::WriteAsOptionalUnion<self::Capsule>,
            {
                RecipientRecordBuilder((value,))
            }

            /// Sets the [`capsule` field](RecipientRecord#structfield.capsule) to null.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn capsule_as_null(self) -> RecipientRecordBuilder<((),)> {
                self.capsule(())
            }
        }

        impl<T0> RecipientRecordBuilder<(T0,)> {
            /// Setter for the [`key_label` field](RecipientRecord#structfield.key_label).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn key_label<T1>(self, value: T1) -> RecipientRecordBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<str>>,
            {
                let (v0,) = self.0;
                RecipientRecordBuilder((v0, value))
            }
        }

        impl<T0, T1> RecipientRecordBuilder<(T0, T1)> {
            /// Setter for the [`encrypted_fmk` field](RecipientRecord#structfield.encrypted_fmk).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn encrypted_fmk<T2>(self, value: T2) -> RecipientRecordBuilder<(T0, T1, T2)>
            where
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
            {
                let (v0, v1) = self.0;
                RecipientRecordBuilder((v0, v1, value))
            }
        }

        impl<T0, T1, T2> RecipientRecordBuilder<(T0, T1, T2)> {
            /// Setter for the [`fmk_encryption_method` field](RecipientRecord#structfield.fmk_encryption_method).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn fmk_encryption_method<T3>(
                self,
                value: T3,
            ) -> RecipientRecordBuilder<(T0, T1, T2, T3)>
            where
                T3: ::planus::WriteAsDefault<self::FmkEncryptionMethod, self::FmkEncryptionMethod>,
            {
                let (v0, v1, v2) = self.0;
                RecipientRecordBuilder((v0, v1, v2, value))
            }

            /// Sets the [`fmk_encryption_method` field](RecipientRecord#structfield.fmk_encryption_method) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn fmk_encryption_method_as_default(
                self,
            ) -> RecipientRecordBuilder<(T0, T1, T2, ::planus::DefaultValue)> {
                self.fmk_encryption_method(::planus::DefaultValue)
            }
        }

        impl<T0, T1, T2, T3> RecipientRecordBuilder<(T0, T1, T2, T3)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [RecipientRecord].
            #[inline]
            pub fn finish(
                self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RecipientRecord>
            where
                Self: ::planus::WriteAsOffset<RecipientRecord>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsOptionalUnion<self::Capsule>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T3: ::planus::WriteAsDefault<self::FmkEncryptionMethod, self::FmkEncryptionMethod>,
            > ::planus::WriteAs<::planus::Offset<RecipientRecord>>
            for RecipientRecordBuilder<(T0, T1, T2, T3)>
        {
            type Prepared = ::planus::Offset<RecipientRecord>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RecipientRecord> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsOptionalUnion<self::Capsule>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T3: ::planus::WriteAsDefault<self::FmkEncryptionMethod, self::FmkEncryptionMethod>,
            > ::planus::WriteAsOptional<::planus::Offset<RecipientRecord>>
            for RecipientRecordBuilder<(T0, T1, T2, T3)>
        {
            type Prepared = ::planus::Offset<RecipientRecord>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<RecipientRecord>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAsOptionalUnion<self::Capsule>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<[u8]>>,
                T3: ::planus::WriteAsDefault<self::FmkEncryptionMethod, self::FmkEncryptionMethod>,
            > ::planus::WriteAsOffset<RecipientRecord>
            for RecipientRecordBuilder<(T0, T1, T2, T3)>
        {
            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::planus::Offset<RecipientRecord> {
                let (v0, v1, v2, v3) = &self.0;
                RecipientRecord::create(builder, v0, v1, v2, v3)
            }
        }

        /// Reference to a deserialized [RecipientRecord].
        #[derive(Copy, Clone)]
        pub struct RecipientRecordRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> RecipientRecordRef<'a> {
            /// Getter for the [`capsule` field](RecipientRecord#structfield.capsule).
            #[inline]
            pub fn capsule(
                &self,
            ) -> ::planus::Result<::core::option::Option<self::CapsuleRef<'a>>> {
                self.0.access_union(0, "RecipientRecord", "capsule")
            }

            /// Getter for the [`key_label` field](RecipientRecord#structfield.key_label).
            #[inline]
            pub fn key_label(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0.access_required(2, "RecipientRecord", "key_label")
            }

            /// Getter for the [`encrypted_fmk` field](RecipientRecord#structfield.encrypted_fmk).
            #[inline]
            pub fn encrypted_fmk(&self) -> ::planus::Result<&'a [u8]> {
                self.0
                    .access_required(3, "RecipientRecord", "encrypted_fmk")
            }

            /// Getter for the [`fmk_encryption_method` field](RecipientRecord#structfield.fmk_encryption_method).
            #[inline]
            pub fn fmk_encryption_method(&self) -> ::planus::Result<self::FmkEncryptionMethod> {
                ::core::result::Result::Ok(
                    self.0
                        .access(4, "RecipientRecord", "fmk_encryption_method")?
                        .unwrap_or(self::FmkEncryptionMethod::Unknown),
                )
            }
        }

        impl<'a> ::core::fmt::Debug for RecipientRecordRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("RecipientRecordRef");
                if let ::core::option::Option::Some(field_capsule) = self.capsule().transpose() {
                    f.field("capsule", &field_capsule);
                }
                f.field("key_label", &self.key_label());
                f.field("encrypted_fmk", &self.encrypted_fmk());
                f.field("fmk_encryption_method", &self.fmk_encryption_method());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<RecipientRecordRef<'a>> for RecipientRecord {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: RecipientRecordRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    capsule: if let ::core::option::Option::Some(capsule) = value.capsule()? {
                        ::core::option::Option::Some(::core::convert::TryInto::try_into(capsule)?)
                    } else {
                        ::core::option::Option::None
                    },
                    key_label: ::core::convert::Into::into(value.key_label()?),
                    encrypted_fmk: value.encrypted_fmk()?.to_vec(),
                    fmk_encryption_method: ::core::convert::TryInto::try_into(
                        value.fmk_encryption_method()?,
                    )?,
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for RecipientRecordRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for RecipientRecordRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location(
                        "[RecipientRecordRef]",
                        "get",
                        buffer.offset_from_start,
                    )
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<RecipientRecord>> for RecipientRecord {
            type Value = ::planus::Offset<RecipientRecord>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<RecipientRecord>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for RecipientRecordRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[RecipientRecordRef]", "read_as_root", 0)
                })
            }
        }

        /// The table `Header` in the namespace `Cdoc2`
        ///
        /// Generated from these locations:
        /// * Table `Header` in the file `crates/cdoc2/schema/header.fbs:79`
        #[derive(
            Clone,
            Debug,
            PartialEq,
            PartialOrd,
            Eq,
            Ord,
            Hash,
        )]
        pub struct Header {
            /// The field `recipients` in the table `Header`
            pub recipients:
                ::core::option::Option<::planus::alloc::vec::Vec<self::RecipientRecord>>,
            /// The field `payload_encryption_method` in the table `Header`
            pub payload_encryption_method: self::PayloadEncryptionMethod,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for Header {
            fn default() -> Self {
                Self {
                    recipients: ::core::default::Default::default(),
                    payload_encryption_method: self::PayloadEncryptionMethod::Unknown,
                }
            }
        }

        impl Header {
            /// Creates a [HeaderBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> HeaderBuilder<()> {
                HeaderBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_recipients: impl ::planus::WriteAsOptional<
                    ::planus::Offset<[::planus::Offset<self::RecipientRecord>]>,
                >,
                field_payload_encryption_method: impl ::planus::WriteAsDefault<
                    self::PayloadEncryptionMethod,
                    self::PayloadEncryptionMethod,
                >,
            ) -> ::planus::Offset<Self> {
                let prepared_recipients = field_recipients.prepare(builder);
                let prepared_payload_encryption_method = field_payload_encryption_method
                    .prepare(builder, &self::PayloadEncryptionMethod::Unknown);

                let mut table_writer: ::planus::table_writer::TableWriter<8> =
                    ::core::default::Default::default();
                if prepared_recipients.is_some() {
                    table_writer
                        .write_entry::<::planus::Offset<[::planus::Offset<self::RecipientRecord>]>>(
                            0,
                        );
                }
                if prepared_payload_encryption_method.is_some() {
                    table_writer.write_entry::<self::PayloadEncryptionMethod>(1);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        if let ::core::option::Option::Some(prepared_recipients) =
                            prepared_recipients
                        {
                            object_writer.write::<_, _, 4>(&prepared_recipients);
                        }
                        if let ::core::option::Option::Some(prepared_payload_encryption_method) =
                            prepared_payload_encryption_method
                        {
                            object_writer.write::<_, _, 1>(&prepared_payload_encryption_method);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<Header>> for Header {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Header> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<Header>> for Header {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Header>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<Header> for Header {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Header> {
                Header::create(builder, &self.recipients, self.payload_encryption_method)
            }
        }

        /// Builder for serializing an instance of the [Header] type.
        ///
        /// Can be created using the [Header::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct HeaderBuilder<State>(State);

        impl HeaderBuilder<()> {
            /// Setter for the [`recipients` field](Header#structfield.recipients).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipients<T0>(self, value: T0) -> HeaderBuilder<(T0,)>
            where
                T0: ::planus::WriteAsOptional<
                    ::planus::Offset<[::planus::Offset<self::RecipientRecord>]>,
                >,
            {
                HeaderBuilder((value,))
            }

            /// Sets the [`recipients` field](Header#structfield.recipients) to null.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn recipients_as_null(self) -> HeaderBuilder<((),)> {
                self.recipients(())
            }
        }

        impl<T0> HeaderBuilder<(T0,)> {
            /// Setter for the [`payload_encryption_method` field](Header#structfield.payload_encryption_method).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn payload_encryption_method<T1>(self, value: T1) -> HeaderBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAsDefault<
                    self::PayloadEncryptionMethod,
                    self::PayloadEncryptionMethod,
                >,
            {
                let (v0,) = self.0;
                HeaderBuilder((v0, value))
            }

            /// Sets the [`payload_encryption_method` field](Header#structfield.payload_encryption_method) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn payload_encryption_method_as_default(
                self,
            ) -> HeaderBuilder<(T0, ::planus::DefaultValue)> {
                self.payload_encryption_method(::planus::DefaultValue)
            }
        }

        impl<T0, T1> HeaderBuilder<(T0, T1)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [Header].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<Header>
            where
                Self: ::planus::WriteAsOffset<Header>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsOptional<
                    ::planus::Offset<[::planus::Offset<self::RecipientRecord>]>,
                >,
                T1: ::planus::WriteAsDefault<
                    self::PayloadEncryptionMethod,
                    self::PayloadEncryptionMethod,
                >,
            > ::planus::WriteAs<::planus::Offset<Header>> for HeaderBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<Header>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Header> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAsOptional<
                    ::planus::Offset<[::planus::Offset<self::RecipientRecord>]>,
                >,
                T1: ::planus::WriteAsDefault<
                    self::PayloadEncryptionMethod,
                    self::PayloadEncryptionMethod,
                >,
            > ::planus::WriteAsOptional<::planus::Offset<Header>> for HeaderBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<Header>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Header>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAsOptional<
                    ::planus::Offset<[::planus::Offset<self::RecipientRecord>]>,
                >,
                T1: ::planus::WriteAsDefault<
                    self::PayloadEncryptionMethod,
                    self::PayloadEncryptionMethod,
                >,
            > ::planus::WriteAsOffset<Header> for HeaderBuilder<(T0, T1)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Header> {
                let (v0, v1) = &self.0;
                Header::create(builder, v0, v1)
            }
        }

        /// Reference to a deserialized [Header].
        #[derive(Copy, Clone)]
        pub struct HeaderRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> HeaderRef<'a> {
            /// Getter for the [`recipients` field](Header#structfield.recipients).
            #[inline]
            pub fn recipients(
                &self,
            ) -> ::planus::Result<
                ::core::option::Option<
                    ::planus::Vector<'a, ::planus::Result<self::RecipientRecordRef<'a>>>,
                >,
            > {
                self.0.access(0, "Header", "recipients")
            }

            /// Getter for the [`payload_encryption_method` field](Header#structfield.payload_encryption_method).
            #[inline]
            pub fn payload_encryption_method(
                &self,
            ) -> ::planus::Result<self::PayloadEncryptionMethod> {
                ::core::result::Result::Ok(
                    self.0
                        .access(1, "Header", "payload_encryption_method")?
                        .unwrap_or(self::PayloadEncryptionMethod::Unknown),
                )
            }
        }

        impl<'a> ::core::fmt::Debug for HeaderRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("HeaderRef");
                if let ::core::option::Option::Some(field_recipients) =
                    self.recipients().transpose()
                {
                    f.field("recipients", &field_recipients);
                }
                f.field(
                    "payload_encryption_method",
                    &self.payload_encryption_method(),
                );
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<HeaderRef<'a>> for Header {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: HeaderRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    recipients: if let ::core::option::Option::Some(recipients) =
                        value.recipients()?
                    {
                        ::core::option::Option::Some(recipients.to_vec_result()?)
                    } else {
                        ::core::option::Option::None
                    },
                    payload_encryption_method: ::core::convert::TryInto::try_into(
                        value.payload_encryption_method()?,
                    )?,
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for HeaderRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(
                    buffer, offset,
                )?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for HeaderRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location("[HeaderRef]", "get", buffer.offset_from_start)
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<Header>> for Header {
            type Value = ::planus::Offset<Header>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<Header>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for HeaderRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset {
                        buffer: slice,
                        offset_from_start: 0,
                    },
                    0,
                )
                .map_err(|error_kind| {
                    error_kind.with_error_location("[HeaderRef]", "read_as_root", 0)
                })
            }
        }
    }
}
