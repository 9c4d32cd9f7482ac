//! Keys and certificates in files, made while testing by the `openssl` tool: another implementation wrote what is read here.

mod authentication;
mod hostile;
mod pkcs12;
mod private_keys;
mod recipients;
mod support;
