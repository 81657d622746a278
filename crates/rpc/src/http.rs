//! One bounded HTTP exchange on a thread of its own.

use crate::{ConnectError, Options, endpoint::Endpoint};
use reqwest::{Client, header, redirect, retry};
use std::{
    error::Error,
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};

/// What came back over HTTP, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// Why nothing usable came back.
pub(crate) enum HttpFault {
    /// No connection, a time-out, a reset: the node may or may not have acted on the request.
    Broken(String),
    /// The body is larger than allowed; the rest was not read.
    Oversized,
}

/// A blocking HTTP client. The connections live on one worker thread, so that a connection which
/// the node has closed meanwhile is noticed before the next request is put on it.
pub(crate) struct Http {
    runtime: Option<Runtime>,
    client: Client,
    pub(crate) endpoint: Endpoint,
    max_response_bytes: usize,
}

impl Http {
    pub(crate) fn new(endpoint: Endpoint, options: &Options) -> Result<Self, ConnectError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sealift-rpc")
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| ConnectError::Client(error.to_string()))?;
        // A redirect would offer the same bytes to another address; a retry inside the client
        // would offer them twice. Both are the caller's decision.
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .timeout(Duration::from_secs(options.timeout_secs))
            .user_agent(concat!("sealift/", env!("CARGO_PKG_VERSION")));
        if endpoint.is_loopback() {
            builder = builder.no_proxy();
        }
        if endpoint.url.scheme() == "http" {
            // Without redirects TLS is out of reach: a machine without root certificates is fine.
            builder = builder.tls_backend_preconfigured(without_roots()?);
        } else {
            // An error means that the process has a provider already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = builder
            .build()
            .map_err(|error| ConnectError::Client(chain_of(&error)))?;
        let max_response_bytes = options.max_response_bytes;
        Ok(Self {
            runtime: Some(runtime),
            client,
            endpoint,
            max_response_bytes,
        })
    }

    /// Sends one JSON body and reads one answer. Exactly one request leaves this machine.
    pub(crate) fn post(&self, body: String) -> Result<Reply, HttpFault> {
        let Some(runtime) = &self.runtime else {
            return Err(HttpFault::Broken("the client is closed".to_owned()));
        };
        let request = self
            .client
            .post(self.endpoint.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let limit = self.max_response_bytes;
        let (answer, answered) = mpsc::sync_channel(1);
        // Not `block_on`: that panics when the caller happens to be inside another runtime.
        runtime.spawn(async move {
            let _ = answer.send(exchange(request, limit).await);
        });
        answered
            .recv()
            .unwrap_or_else(|_| Err(HttpFault::Broken("the exchange was abandoned".to_owned())))
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        // The default drop waits, and panics inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn exchange(request: reqwest::RequestBuilder, limit: usize) -> Result<Reply, HttpFault> {
    let mut response = request.send().await.map_err(broken)?;
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(HttpFault::Oversized);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > limit {
            return Err(HttpFault::Oversized);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply {
        status,
        retry_after,
        body,
    })
}

fn broken(error: reqwest::Error) -> HttpFault {
    HttpFault::Broken(chain_of(&error.without_url()))
}

/// The whole chain of causes: reqwest's own text stops at "error sending request".
fn chain_of(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn without_roots() -> Result<rustls::ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Client(error.to_string()))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}
