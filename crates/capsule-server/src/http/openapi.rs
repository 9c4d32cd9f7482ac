//! The OpenAPI document, from what stands beside the calls.

use capsule_api::{SHARE_TICKET_HEADERS, TICKET_HEADER};
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        RefOr, Required, Schema,
        path::ParameterIn,
        schema::AdditionalProperties,
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

/// A capsule: a key for one recipient, for what a container holds.
#[derive(ToSchema)]
#[schema(
    title = "Capsule",
    example = json!({
        "recipient_id": "BAoKclYJjjUzd5pTWvq9AfOR7ZszZn1yvDD/Ht9EgblbsyfnspZaBNXc7L31y1tXviHqrYuHqSFtQeCNuo1Hj90=",
        "ephemeral_key_material": "BLxens8ng5cRRrt+2vWGJ3KSYePcP5+3uKRtoVJxaAFXiTx/rV0GfM87DwT5pjQv82ypgs78UFWaCrDbHTVl04Y=",
        "capsule_type": "ecc_secp256r1",
    })
)]
#[allow(dead_code, reason = "it is only described")]
pub(super) struct Capsule {
    /// The recipient's key, 65 to 2100 bytes in base64. EC: the uncompressed point; RSA: the canonical DER of the PKCS#1
    /// `RSAPublicKey`, of 2048 bits at least.
    #[schema(min_length = 88, max_length = 2800, content_encoding = "base64")]
    recipient_id: String,
    /// At most 2100 bytes in base64. EC: the sender's uncompressed point on the recipient's curve; RSA: the encrypted key.
    #[schema(min_length = 4, max_length = 2800, content_encoding = "base64")]
    ephemeral_key_material: String,
    /// What kind of key it is for.
    capsule_type: CapsuleType,
}

/// A nonce for one transaction: the server's tag (16 bytes), then 16 bytes that mean nothing to others.
#[derive(ToSchema)]
#[schema(title = "Nonce", example = json!({ "nonce": "uj8XYEvMXd9Lxt9R6B3o0gABAgMEBQYHWeg1UJCyKGU" }))]
#[allow(dead_code, reason = "it is only described")]
pub(super) struct NonceAnswer {
    /// 32 bytes in base64url without padding.
    #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    nonce: String,
}

/// A share of a key, for one person.
#[derive(ToSchema)]
#[schema(
    title = "KeyShare",
    example = json!({ "share": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "recipient": "etsi/PNOEE-48010010101" })
)]
#[allow(dead_code, reason = "it is only described")]
pub(super) struct Share {
    /// 32 to 128 bytes in base64.
    #[schema(min_length = 44, max_length = 172, content_encoding = "base64")]
    share: String,
    /// `etsi/` and the serial number of the person's certificates.
    #[schema(min_length = 12, max_length = 32, pattern = "^etsi/[A-Z]{5}-[A-Za-z0-9-]+$")]
    recipient: String,
}

/// A nonce for one share.
#[derive(ToSchema)]
#[schema(title = "ShareNonce", example = json!({ "nonce": "AAECAwQFBgcICQoLDA0ODw" }))]
#[allow(dead_code, reason = "it is only described")]
pub(super) struct ShareNonceAnswer {
    /// 16 bytes in base64url without padding.
    #[schema(min_length = 22, max_length = 22, pattern = "^[A-Za-z0-9_-]{22}$")]
    nonce: String,
}

/// What kind of key a capsule is for.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it is only described")]
#[schema(rename_all = "snake_case")]
enum CapsuleType {
    EccSecp256r1,
    EccSecp384r1,
    EccSecp521r1,
    Rsa,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "key-capsules",
        version = "3.1.1",
        description = "Capsules are posted to the sender interface (TLS 1.3) and fetched from the recipient interface (mutual TLS 1.3), \
                       or from the ticket interface (TLS 1.3), where one signature does for several servers. \
                       Every refusal has an empty body.",
        license(name = "MIT", identifier = "MIT"),
    ),
    paths(
        super::sender::post_capsule, super::recipient::get_capsule, super::ticket::post_nonce, super::shares::post_share,
        super::shares::post_share_nonce, super::shares::get_share,
    ),
    components(schemas(Capsule, CapsuleType, NonceAnswer, Share, ShareNonceAnswer)),
    servers((url = "https://localhost:8443", description = "sender"), (url = "https://localhost:8444", description = "recipient"),
        (url = "https://localhost:8446", description = "ticket"), (url = "https://localhost:8447", description = "shares")),
    tags(
        (name = "sender", description = "Whoever encrypts; nobody has to say who he is."),
        (name = "recipient", description = "Whoever opens, and proves a key."),
        (name = "shares", description = "Key shares (key-shares 1.0.1): whoever encrypts for a person, and that person."),
        (name = "ticket", description = "Whoever opens, and proves a key to several servers by one signature."),
    ),
    modifiers(&Rest),
)]
struct Document;

/// What the macros have no words for: mutual TLS, a header that may be absent, and that a capsule has these members and no others.
struct Rest;

impl Modify for Rest {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let description = Some("A client certificate whose public key is the capsule's recipient_id.".to_owned());
        components.add_security_scheme(
            "clientCertificate",
            SecurityScheme::MutualTls { description, extensions: None, deprecated: None },
        );
        let description = "Base64url of a ticket's JSON, at most 16 KiB: docs/authentication.md.";
        let ticket = ApiKeyValue::with_description(TICKET_HEADER, description);
        components.add_security_scheme("ticket", SecurityScheme::ApiKey(ApiKey::Header(ticket)));
        let token = ApiKeyValue::with_description(
            SHARE_TICKET_HEADERS[0],
            "A presentation of an SD-JWT; also as x-cdoc2-auth-token.",
        );
        components.add_security_scheme("shareToken", SecurityScheme::ApiKey(ApiKey::Header(token)));
        for name in ["Capsule", "NonceAnswer", "Share", "ShareNonceAnswer"] {
            if let Some(RefOr::T(Schema::Object(schema))) = components.schemas.get_mut(name) {
                schema.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
        // A text where it stands, and not needed: the macros make it nullable, which a header cannot be.
        for parameters in document.paths.paths.values_mut().filter_map(|path| path.post.as_mut()?.parameters.as_mut()) {
            for parameter in parameters {
                if let RefOr::T(parameter) = parameter
                    && parameter.parameter_in == ParameterIn::Header
                {
                    parameter.required = Required::False;
                }
            }
        }
        // None of it for senders.
        document.security.get_or_insert_default().push(SecurityRequirement::default());
    }
}

/// The document, as it stands in `docs/openapi.json`.
pub fn openapi() -> String {
    let document = Document::openapi().to_pretty_json().expect("texts and numbers are JSON");
    format!("{document}\n")
}
