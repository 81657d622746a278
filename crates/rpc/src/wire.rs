//! JSON-RPC over one HTTP endpoint: ids, batches, patience.

use crate::{
    ConnectError, Options,
    endpoint::Endpoint,
    http::{Http, HttpFault, Reply},
    meaning::{self, RpcError},
};
use alloy_json_rpc::{
    Id, Request, RequestPacket, Response, ResponsePacket, ResponsePayload, SerializedRequest,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use sealift_engine::chain::ChainError;
use serde::de::DeserializeOwned;
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

/// One question: a method and its parameters.
pub(crate) struct Ask {
    method: &'static str,
    params: Box<RawValue>,
}

impl Ask {
    pub(crate) fn new(method: &'static str, params: Value) -> Self {
        let params = to_raw_value(&params).expect("a JSON value is always serializable");
        Self { method, params }
    }
}

/// What a node answered to one question.
pub(crate) type Answered = Result<Box<RawValue>, RpcError>;

/// Why one HTTP exchange brought no answers.
pub(crate) enum Trip {
    /// Worth another try: nothing came, or nothing that can be read.
    Broken(String),
    /// The node asks for patience.
    Limited(String, Option<Duration>),
    /// The node will say the same again.
    Refused(String),
    /// The node does not take this many questions at once.
    BatchRefused {
        /// Fewer may do; otherwise only one at a time.
        too_many: bool,
    },
}

/// A JSON-RPC client.
pub(crate) struct Wire {
    http: Http,
    next_id: AtomicU64,
    batch_limit: AtomicUsize,
    max_batch_bytes: usize,
    backoff: ExponentialBuilder,
    max_pause: Duration,
}

impl Wire {
    pub(crate) fn new(url: &str, options: &Options) -> Result<Self, ConnectError> {
        for (limit, name) in [
            (options.timeout_secs as usize, "timeout_secs"),
            (options.max_response_bytes, "max_response_bytes"),
            (options.max_batch, "max_batch"),
            (options.max_batch_bytes, "max_batch_bytes"),
        ] {
            if limit == 0 {
                return Err(ConnectError::Limit(name));
            }
        }
        let max_pause = Duration::from_millis(options.max_backoff_ms);
        Ok(Self {
            http: Http::new(Endpoint::parse(url)?, options)?,
            next_id: AtomicU64::new(1),
            batch_limit: AtomicUsize::new(options.max_batch),
            max_batch_bytes: options.max_batch_bytes,
            backoff: ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(options.min_backoff_ms))
                .with_max_delay(max_pause)
                .with_max_times(options.max_retries)
                .with_jitter(),
            max_pause,
        })
    }

    pub(crate) fn origin(&self) -> String {
        self.http.endpoint.origin()
    }

    /// A node's words as a refusal.
    pub(crate) fn refused(&self, text: &str) -> ChainError {
        ChainError::Refused(format!(
            "{}: {}",
            self.origin(),
            self.http.endpoint.scrub(text)
        ))
    }

    /// A fault on the way as an error.
    pub(crate) fn unreachable(&self, text: &str) -> ChainError {
        ChainError::Unreachable(format!(
            "{}: {}",
            self.origin(),
            self.http.endpoint.scrub(text)
        ))
    }

    /// A node's words without the address, for messages that have it already.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.http.endpoint.scrub(text)
    }

    /// The pauses of one series of tries.
    pub(crate) fn pauses(&self) -> impl Iterator<Item = Duration> {
        self.backoff.build()
    }

    /// One question, asked exactly once.
    pub(crate) fn once(&self, ask: &Ask) -> Result<Answered, Trip> {
        let mut answers = self.trip(&[ask])?;
        answers
            .pop()
            .flatten()
            .ok_or_else(|| Trip::Broken("the answer has another id than the question".to_owned()))
    }

    /// One question, with patience.
    pub(crate) fn ask(&self, method: &'static str, params: Value) -> Result<Answered, ChainError> {
        let mut answers = self.ask_all(&[Ask::new(method, params)])?;
        answers.pop().ok_or_else(|| self.unreachable("no answer"))
    }

    /// One question whose answer has a known shape; an error object is a refusal.
    pub(crate) fn fetch<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, ChainError> {
        match self.ask(method, params)? {
            Ok(raw) => self.decode(method, &raw),
            Err(error) => Err(self.refused(&error.text())),
        }
    }

    /// An answer as a value.
    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        method: &str,
        raw: &RawValue,
    ) -> Result<T, ChainError> {
        // serde's text can repeat parts of the answer; its place says enough.
        serde_json::from_str(raw.get()).map_err(|error| {
            self.refused(&format!(
                "{method} has an answer of another shape ({:?})",
                error.classify()
            ))
        })
    }

    /// All questions, in batches; the answers in the order of the questions.
    ///
    /// Bounded: every round either answers a question, shrinks the batch, or uses up one pause.
    pub(crate) fn ask_all(&self, asks: &[Ask]) -> Result<Vec<Answered>, ChainError> {
        let mut answers: Vec<Option<Answered>> = asks.iter().map(|_| None).collect();
        let mut pending: Vec<usize> = (0..asks.len()).collect();
        let mut pauses = self.backoff.build();
        while !pending.is_empty() {
            let before = pending.len();
            let round = self.round(asks, &pending, &mut answers)?;
            pending.retain(|&index| answers[index].is_none());
            if pending.is_empty() {
                break;
            }
            if pending.len() < before {
                pauses = self.backoff.build();
            }
            match round {
                Round::Shrunk => continue,
                Round::Waiting(text, wish) => {
                    let pause = pauses.next().ok_or_else(|| self.unreachable(&text))?;
                    thread::sleep(wish.map_or(pause, |wish| wish.max(pause).min(self.max_pause)));
                }
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// Offers every pending question once, until something goes wrong.
    fn round(
        &self,
        asks: &[Ask],
        pending: &[usize],
        answers: &mut [Option<Answered>],
    ) -> Result<Round, ChainError> {
        let mut round = Round::Waiting("the node left questions unanswered".to_owned(), None);
        let mut rest = pending;
        while !rest.is_empty() {
            let limit = self.batch_limit.load(Ordering::Relaxed);
            let (chunk, next) = rest.split_at(self.chunk_len(asks, rest, limit));
            rest = next;
            let questions: Vec<&Ask> = chunk.iter().map(|&index| &asks[index]).collect();
            match self.trip(&questions) {
                Ok(got) => {
                    for (&index, answer) in chunk.iter().zip(got) {
                        match answer {
                            Some(Err(error)) if is_passing(&error) => {
                                round = Round::Waiting(error.text(), None);
                            }
                            Some(Err(error))
                                if chunk.len() > 1 && meaning::is_batch_overflow(&error) =>
                            {
                                self.shrink(limit, chunk.len() / 2);
                                round = Round::Shrunk;
                            }
                            Some(answer) => answers[index] = Some(answer),
                            None if chunk.len() > 1 => {
                                self.shrink(limit, chunk.len() / 2);
                                round = Round::Shrunk;
                            }
                            None => {}
                        }
                    }
                }
                Err(Trip::BatchRefused { too_many }) => {
                    self.shrink(limit, if too_many { chunk.len() / 2 } else { 1 });
                    return Ok(Round::Shrunk);
                }
                Err(Trip::Broken(text)) => return Ok(Round::Waiting(text, None)),
                Err(Trip::Limited(text, wish)) => return Ok(Round::Waiting(text, wish)),
                Err(Trip::Refused(text)) => return Err(self.refused(&text)),
            }
        }
        Ok(round)
    }

    /// How many of `rest` go into the next batch: bounded in number and in bytes, at least one.
    fn chunk_len(&self, asks: &[Ask], rest: &[usize], limit: usize) -> usize {
        /// `{"method":"","params":,"id":,"jsonrpc":"2.0"}` with a method name and an id.
        const ENVELOPE_BYTES: usize = 100;
        let mut bytes = 0;
        let fitting = rest.iter().take(limit).take_while(|&&index| {
            bytes += asks[index].params.get().len() + ENVELOPE_BYTES;
            bytes <= self.max_batch_bytes
        });
        fitting.count().max(1)
    }

    /// Remembers that batches must be smaller; another thread may have found out more.
    fn shrink(&self, seen: usize, to: usize) {
        let to = to.clamp(1, seen);
        self.batch_limit.fetch_min(to, Ordering::Relaxed);
    }

    /// One HTTP exchange. The answers are in the order of the questions; `None` where one is missing.
    fn trip(&self, asks: &[&Ask]) -> Result<Vec<Option<Answered>>, Trip> {
        let first = self.next_id.fetch_add(asks.len() as u64, Ordering::Relaxed);
        let mut requests = Vec::with_capacity(asks.len());
        for (id, ask) in (first..).zip(asks) {
            let request = Request::new(ask.method, Id::Number(id), &*ask.params);
            let request = SerializedRequest::try_from(request)
                .map_err(|_| Trip::Refused(format!("{} cannot be written as JSON", ask.method)))?;
            requests.push(request);
        }
        let batched = requests.len() > 1;
        let packet = match requests.pop() {
            Some(single) if !batched => RequestPacket::Single(single),
            last => RequestPacket::Batch(requests.into_iter().chain(last).collect()),
        };
        let body = serde_json::to_string(&packet)
            .map_err(|_| Trip::Refused("the request cannot be written as JSON".to_owned()))?;
        let reply = self.http.post(body).map_err(|fault| match fault {
            HttpFault::Broken(text) => Trip::Broken(text),
            HttpFault::Oversized if batched => Trip::BatchRefused { too_many: true },
            HttpFault::Oversized => {
                Trip::Refused("the answer is larger than max_response_bytes".to_owned())
            }
        })?;
        read_reply(&reply, first, asks.len())
    }
}

enum Round {
    /// The batch is smaller now: go on at once.
    Shrunk,
    /// Something is still open, for this reason; perhaps with the node's wish for a pause.
    Waiting(String, Option<Duration>),
}

/// Puts the answers of one body back in order, or says what the body is instead.
fn read_reply(reply: &Reply, first: u64, count: usize) -> Result<Vec<Option<Answered>>, Trip> {
    let status = reply.status;
    let Ok(packet) = serde_json::from_slice::<ResponsePacket>(&reply.body) else {
        return Err(not_json_rpc(reply, count));
    };
    if status == 429 {
        return Err(Trip::Limited("HTTP 429".to_owned(), reply.retry_after));
    }
    let responses = match packet {
        ResponsePacket::Single(single) if count > 1 => return Err(batch_refusal(single, status)),
        ResponsePacket::Single(single) => vec![single],
        // Some nodes put their refusal of a batch into an array of one.
        ResponsePacket::Batch(mut all) if count > 1 && all.len() == 1 && all[0].id.is_none() => {
            return Err(batch_refusal(all.remove(0), status));
        }
        ResponsePacket::Batch(all) => all,
    };
    let mut places: HashMap<Id, usize> = (first..).map(Id::Number).zip(0..count).collect();
    let mut answers: Vec<Option<Answered>> = (0..count).map(|_| None).collect();
    for response in responses {
        // An error without an id answers the only question there was.
        let place = match &response.id {
            Id::None if count == 1 && response.is_error() => {
                places.drain().next().map(|(_, at)| at)
            }
            id => places.remove(id),
        };
        if let Some(place) = place {
            answers[place] = Some(answer_of(response, status));
        }
    }
    if status >= 500 && answers.iter().flatten().any(Result::is_ok) {
        return Err(Trip::Broken(format!("HTTP {status} around an answer")));
    }
    Ok(answers)
}

fn answer_of(response: Response, status: u16) -> Answered {
    match response.payload {
        ResponsePayload::Success(raw) => Ok(raw),
        ResponsePayload::Failure(error) => Err(RpcError {
            code: error.code,
            message: error.message.into_owned(),
            data: error
                .data
                .and_then(|raw| serde_json::from_str(raw.get()).ok()),
            status,
        }),
    }
}

fn batch_refusal(response: Response, status: u16) -> Trip {
    match answer_of(response, status) {
        Err(error) if is_passing(&error) => Trip::Limited(error.text(), None),
        Err(error) => Trip::BatchRefused {
            too_many: meaning::is_batch_overflow(&error),
        },
        Ok(_) => Trip::BatchRefused { too_many: false },
    }
}

/// Whether the same question may have an answer a little later.
fn is_passing(error: &RpcError) -> bool {
    meaning::is_rate_limit(error) || (error.status >= 500 && meaning::revert_data(error).is_none())
}

/// A body that is no JSON-RPC is judged by its status and never repeated: error pages echo the path.
fn not_json_rpc(reply: &Reply, count: usize) -> Trip {
    match reply.status {
        429 => Trip::Limited("HTTP 429".to_owned(), reply.retry_after),
        200..=299 => Trip::Broken("the answer is not JSON-RPC".to_owned()),
        status @ (408 | 500..=599) => Trip::Broken(format!("HTTP {status}")),
        413 if count > 1 => Trip::BatchRefused { too_many: true },
        400 | 405 | 422 if count > 1 => Trip::BatchRefused { too_many: false },
        status @ 300..=399 => Trip::Refused(format!("HTTP {status}: redirects are not followed")),
        status => Trip::Refused(format!("HTTP {status}")),
    }
}
