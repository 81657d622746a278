//! The HTTP server, on a thread and a runtime of its own.

use super::{RpcError, answer};
use crate::port::EmbeddedChain;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// Most calls in one batch, as in go-ethereum.
const MAX_BATCH: usize = 1_000;
/// Threads that answer calls.
const WORKERS: usize = 8;

/// How a chain is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Most bytes of one request.
    pub max_body_bytes: usize,
    /// Makes a block at this interval.
    pub block_interval: Option<Duration>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            block_interval: None,
        }
    }
}

/// Why a chain is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is not free, or not ours.
    #[error("cannot listen on {addr}")]
    Listen {
        /// Where to listen.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The runtime or its thread did not start.
    #[error("cannot start the server")]
    Start(#[source] io::Error),
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Where it listens; the port is the real one where port 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL for clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops listening, lets calls that are being answered finish, and waits for the thread.
    pub fn shutdown(mut self) {
        self.stop_and_join();
    }

    /// Waits until the server ends, which it does not by itself.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn stop_and_join(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop_and_join();
    }
}

/// Serves a chain on an address; port 0 takes a free one. There is no authentication.
pub fn serve(
    chain: EmbeddedChain,
    addr: SocketAddr,
    options: ServeOptions,
) -> Result<Server, ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(ServeError::Start)?;
    let wrap = |source| ServeError::Listen { addr, source };
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(addr))
        .map_err(wrap)?;
    let addr = listener.local_addr().map_err(wrap)?;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("json-rpc".into())
        .spawn(move || {
            runtime.block_on(run(chain, listener, options, stopped));
            runtime.shutdown_timeout(Duration::from_secs(5));
        })
        .map_err(ServeError::Start)?;
    Ok(Server {
        addr,
        stop: Some(stop),
        thread: Some(thread),
    })
}

#[derive(Clone)]
struct Shared {
    chain: EmbeddedChain,
    /// As many permits as calls may be answered at once; more wait.
    permits: Arc<Semaphore>,
}

async fn run(
    chain: EmbeddedChain,
    listener: tokio::net::TcpListener,
    options: ServeOptions,
    mut stopped: oneshot::Receiver<()>,
) {
    if let Some(interval) = options.block_interval {
        let chain = chain.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(interval);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                let chain = chain.clone();
                if tokio::task::spawn_blocking(move || chain.mine())
                    .await
                    .is_err()
                {
                    break;
                }
            }
        });
    }
    let shared = Shared {
        chain,
        permits: Arc::new(Semaphore::new(WORKERS)),
    };
    let app = Router::new()
        .route("/", post(receive))
        .layer(DefaultBodyLimit::max(options.max_body_bytes))
        .with_state(shared);
    // A client may hold an idle connection open for ever: stop at once when told to.
    tokio::select! {
        _ = axum::serve(listener, app) => {}
        _ = &mut stopped => {}
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let json_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if !json_type {
        let text = "invalid content type, only application/json is supported\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into_response();
    }
    let Ok(_permit) = shared.permits.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let chain = shared.chain;
    match tokio::task::spawn_blocking(move || respond(&chain, &body)).await {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The body that answers a body. Empty where all calls were notifications.
fn respond(chain: &EmbeddedChain, body: &[u8]) -> String {
    let response = match serde_json::from_slice(body) {
        Err(error) => Some(failure(Value::Null, &RpcError::parse(error.to_string()))),
        Ok(Value::Array(calls)) if calls.is_empty() => Some(failure(
            Value::Null,
            &RpcError::invalid_request("empty batch"),
        )),
        Ok(Value::Array(calls)) if calls.len() > MAX_BATCH => Some(failure(
            Value::Null,
            &RpcError::invalid_request("batch too large"),
        )),
        Ok(Value::Array(calls)) => {
            let answers: Vec<Value> = calls
                .into_iter()
                .filter_map(|call| one(chain, call))
                .collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(call) => one(chain, call),
    };
    response.map_or_else(String::new, |response| response.to_string())
}

fn one(chain: &EmbeddedChain, mut call: Value) -> Option<Value> {
    let invalid = |text: &str| Some(failure(Value::Null, &RpcError::invalid_request(text)));
    let Some(call) = call.as_object_mut() else {
        return invalid("invalid request");
    };
    let id = call.remove("id");
    let Some(Value::String(method)) = call.remove("method") else {
        return invalid("invalid request");
    };
    let answer = answer(chain, &method, call.remove("params").unwrap_or_default());
    let id = id?;
    Some(match answer {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => failure(id, &error),
    })
}

fn failure(id: Value, error: &RpcError) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": error.to_json() })
}
