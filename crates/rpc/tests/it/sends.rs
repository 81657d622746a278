//! What a send's answer means, whatever happens on the way. Every send leaves exactly once.

use crate::stand_in::{StandIn, Wire, error, quick, result};
use alloy_primitives::keccak256;
use sealift_engine::chain::{Chain, SendAnswer};
use sealift_protocol::event::Rejection;
use sealift_rpc::HttpChain;
use serde_json::{Value, json};

const RAW: &[u8] = b"signed bytes";

#[track_caller]
fn check(answer: impl Fn(&Value) -> Wire + Send + Sync + 'static) -> SendAnswer {
    let node = StandIn::new(move |_, request| answer(request));
    let given = node.chain().send(RAW);
    let seen = node.seen();
    assert_eq!(seen.len(), 1, "a send was repeated");
    assert_eq!(seen[0]["method"], "eth_sendRawTransaction");
    assert_eq!(
        seen[0]["params"],
        json!([alloy_primitives::hex::encode_prefixed(RAW)])
    );
    given
}

#[track_caller]
fn ambiguous(answer: impl Fn(&Value) -> Wire + Send + Sync + 'static) -> String {
    match check(answer) {
        SendAnswer::Ambiguous(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn accepted_only_with_our_own_hash() {
    let ours = keccak256(RAW);
    assert_eq!(
        check(move |r| Wire::Json(result(r, json!(ours)))),
        SendAnswer::Accepted
    );
    ambiguous(|r| Wire::Json(result(r, json!(keccak256(b"other bytes")))));
    ambiguous(|r| Wire::Json(result(r, Value::Null)));
    ambiguous(|r| Wire::Json(result(r, json!("ok"))));
}

#[test]
fn an_answer_to_another_question_is_ambiguous() {
    let ours = keccak256(RAW);
    ambiguous(move |_| Wire::Json(json!({ "jsonrpc": "2.0", "id": 999_999, "result": ours })));
    ambiguous(|_| {
        Wire::Json(json!({
            "jsonrpc": "2.0", "id": 999_999, "error": { "code": -32000, "message": "nonce too low" }
        }))
    });
}

#[test]
fn nothing_comes_back_after_acceptance() {
    let text = ambiguous(|_| Wire::Silence);
    assert!(text.contains("timed out"), "{text}");
}

#[test]
fn the_connection_breaks_in_the_middle_of_the_answer() {
    let ours = keccak256(RAW);
    ambiguous(move |r| Wire::Cut(result(r, json!(ours))));
}

#[test]
fn http_errors_and_pages_are_ambiguous() {
    for status in [400, 401, 403, 404, 413, 429, 500, 502, 503, 504] {
        let text = ambiguous(move |_| {
            Wire::Http(
                status,
                "",
                "<html>nonce too low, insufficient funds</html>".to_owned(),
            )
        });
        assert_eq!(text, format!("HTTP {status}"));
    }
    let text = ambiguous(|_| Wire::Http(200, "", "<html>maintenance</html>".to_owned()));
    assert!(
        !text.contains("maintenance"),
        "a page is not repeated: {text}"
    );
    ambiguous(|_| Wire::Http(307, "location: /elsewhere\r\n", String::new()));
    ambiguous(|_| Wire::Http(200, "", "{\"jsonrpc\":\"2.0\",\"id\":1,".to_owned()));
    ambiguous(|_| Wire::Endless);
}

#[test]
fn an_error_object_is_judged_by_its_text_whatever_its_code_and_status() {
    let used = SendAnswer::Rejected(Rejection::NonceTooLow);
    for code in [-32603, -32000, -32001, -32602, 0] {
        let answer = move |r: &Value| Wire::Json(error(r, code, "nonce too low"));
        assert_eq!(check(answer), used);
    }
    let answer = |r: &Value| Wire::Http(500, "", error(r, -32603, "nonce too low").to_string());
    assert_eq!(check(answer), used);
    // Some put the reason into `data`.
    let in_data = |r: &Value| {
        let data = json!({ "message": "nonce too low: next nonce 5, tx nonce 3" });
        Wire::Json(json!({
            "jsonrpc": "2.0", "id": r["id"],
            "error": { "code": -32603, "message": "Internal error", "data": data }
        }))
    };
    assert_eq!(check(in_data), used);
}

#[test]
fn no_node_at_all() {
    // A port on which nothing listens: bound once, then closed.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let chain =
        HttpChain::connect(&format!("http://127.0.0.1:{port}/s3cr3t-path"), quick()).unwrap();
    let SendAnswer::Ambiguous(text) = chain.send(RAW) else {
        panic!("not ambiguous")
    };
    assert!(!text.contains("s3cr3t"), "{text}");
}
