//! A node whose every answer is written by the test.

use sealift_rpc::{Finality, HttpChain, Options};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What goes back over the wire for one HTTP request.
pub(crate) enum Wire {
    /// 200 with this JSON.
    Json(Value),
    /// A status, extra header lines, a body as it is.
    Http(u16, &'static str, String),
    /// The request is read; nothing ever comes back.
    Silence,
    /// The connection closes in the middle of the body.
    Cut(Value),
    /// A body that never ends.
    Endless,
}

/// The part of the node: request body in, answer out, with the number of the request from 0.
type Script = dyn Fn(usize, &Value) -> Wire + Send + Sync;

/// A listening stand-in; closed when dropped.
pub(crate) struct StandIn {
    port: u16,
    seen: Arc<Mutex<Vec<Value>>>,
    closed: Arc<AtomicBool>,
}

impl StandIn {
    pub(crate) fn new(script: impl Fn(usize, &Value) -> Wire + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let closed = Arc::new(AtomicBool::new(false));
        let script: Arc<Script> = Arc::new(script);
        let (log, stop) = (Arc::clone(&seen), Arc::clone(&closed));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let (script, log, stop) =
                    (Arc::clone(&script), Arc::clone(&log), Arc::clone(&stop));
                thread::spawn(move || serve(stream.unwrap(), &*script, &log, &stop));
            }
        });
        Self { port, seen, closed }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A client that does not wait long.
    pub(crate) fn chain(&self) -> HttpChain {
        HttpChain::connect(&self.url(), quick()).unwrap()
    }

    /// The bodies of all requests so far.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Short pauses, three tries after the first.
pub(crate) fn quick() -> Options {
    Options {
        finality: Finality::Tag,
        timeout_secs: 2,
        max_retries: 3,
        min_backoff_ms: 1,
        max_backoff_ms: 5,
        ..Options::default()
    }
}

/// One exchange a connection.
fn serve(stream: TcpStream, script: &Script, log: &Mutex<Vec<Value>>, stop: &AtomicBool) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Some(request) = read_request(&mut reader) else {
        return;
    };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(request.clone());
        log.len() - 1
    };
    let mut stream = stream;
    // The client may hang up first; what is written then does not matter.
    let _ = match script(number, &request) {
        Wire::Json(value) => write_http(&mut stream, 200, "", value.to_string().as_bytes()),
        Wire::Http(status, headers, body) => {
            write_http(&mut stream, status, headers, body.as_bytes())
        }
        Wire::Silence => {
            while !stop.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        }
        Wire::Cut(value) => {
            let body = value.to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body.as_bytes()[..body.len() / 2]))
        }
        Wire::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
            while stream.write_all(&[b' '; 4096]).is_ok() && !stop.load(Ordering::SeqCst) {}
            Ok(())
        }
    };
}

fn write_http(
    stream: &mut TcpStream,
    status: u16,
    headers: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A good answer to one request.
pub(crate) fn result(request: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
}

/// An error answer to one request.
pub(crate) fn error(request: &Value, code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": code, "message": message } })
}

/// Answers a single request or every request of a batch.
pub(crate) fn each(body: &Value, answer: impl Fn(&Value) -> Value) -> Value {
    match body.as_array() {
        Some(batch) => batch.iter().map(answer).collect(),
        None => answer(body),
    }
}

/// A block of a chain on which every block's hash is its number, repeated.
pub(crate) fn block(number: u64) -> Value {
    json!({
        "number": format!("{number:#x}"),
        "hash": hash(number),
        "parentHash": hash(number.saturating_sub(1)),
        "timestamp": "0x64",
        "baseFeePerGas": "0x7",
        "gasLimit": "0x1c9c380",
    })
}

/// See [`block`].
pub(crate) fn hash(number: u64) -> String {
    format!("0x{}", format!("{number:016x}").repeat(4))
}

/// The number in a hexadecimal quantity.
pub(crate) fn quantity(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
