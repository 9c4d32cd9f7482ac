//! The operations port: is it alive, can it work, what is it, and how does it do.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::not_found;
use crate::{net::Admission, nonces::Nonces, service::Capsules, store::StoreError};

/// What the port tells about.
pub(crate) struct Operations {
    pub(crate) capsules: Arc<Capsules>,
    pub(crate) admissions: Vec<Arc<Admission>>,
    pub(crate) server_id: String,
    /// Where nonces are given.
    pub(crate) nonces: Option<Arc<Nonces>>,
}

/// The calls of the operations port.
pub(crate) fn operations(operations: Operations) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "alive\n" }))
        .route("/health/ready", get(ready))
        .route("/info", get(info))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .with_state(Arc::new(operations))
}

async fn ready(State(operations): State<Arc<Operations>>) -> Response {
    match is_ready(&operations).await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not available\n").into_response()
        }
    }
}

async fn is_ready(operations: &Operations) -> Result<(), StoreError> {
    operations.capsules.ready().await?;
    match &operations.nonces {
        Some(nonces) => nonces.ready().await,
        None => Ok(()),
    }
}

async fn info(State(operations): State<Arc<Operations>>) -> Response {
    let info = serde_json::json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "server": operations.server_id,
        "api": "key-capsules 3.1.1",
    });
    ([(header::CONTENT_TYPE, "application/json")], format!("{info}\n")).into_response()
}

async fn metrics(State(operations): State<Arc<Operations>>) -> Response {
    let metrics = &operations.capsules.metrics;
    let open: usize = operations.admissions.iter().map(|admission| admission.open()).sum();
    metrics.connections.store(open as u64, Ordering::Relaxed);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.text()).into_response()
}
