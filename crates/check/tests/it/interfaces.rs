//! What can be called in a contract, from artifacts and from code, and calls and errors in words.

use std::path::Path;

use alloy_primitives::{Address, Bytes, U256, address, hex};
use proptest::prelude::*;
use sealift_check::fork::Fork;
use sealift_check::input::{Scene, SceneAccount};
use sealift_check::interfaces::{Interfaces, selector_of};
use sealift_check::report::Decoder;

const STATE: &[u8] = include_bytes!("../fixtures/state.json");
const ARTIFACT: &str = include_str!("../fixtures/artifacts/Points.json");
const POINTS: Address = address!("0x5FbDB2315678afecb367f032d93F642f64180aa3");
const CLONE: Address = address!("0x00000000000000000000000000000000000c1013");
/// `give([dev1], 203001082)`
const GIVE: &[u8] = &hex!(
    "9f98df30 0000000000000000000000000000000000000000000000000000000000000040"
    "000000000000000000000000000000000000000000000000000000000c198cfa"
    "0000000000000000000000000000000000000000000000000000000000000001"
    "00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8"
);

/// A folder with one artifact, read.
fn with(artifact: &str) -> Interfaces {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Points.json"), artifact).unwrap();
    Interfaces::read(folder.path()).unwrap()
}

/// The state of the fixture and accounts with code.
fn scene(codes: &[(Address, Bytes)]) -> Scene {
    let mut scene = Scene::read(STATE).unwrap();
    for (address, code) in codes {
        scene.accounts.push(SceneAccount {
            address: *address,
            code: code.clone(),
            ..SceneAccount::default()
        });
    }
    scene
}

fn learnt(mut interfaces: Interfaces, scene: &Scene) -> (Interfaces, Fork) {
    let fork = Fork::of(scene);
    interfaces.learn(&fork);
    (interfaces, fork)
}

fn names_of(interfaces: &Interfaces, fork: &Fork, at: Address) -> Vec<String> {
    let functions = interfaces.functions(fork, at);
    functions
        .into_iter()
        .map(|function| function.name)
        .collect()
}

const NAMES: [&str; 5] = ["cap", "fold", "give", "owner", "pointsOf"];

#[test]
fn the_artifact_of_code_with_immutables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/artifacts");
    let (interfaces, fork) = learnt(Interfaces::read(&folder).unwrap(), &scene(&[]));
    assert_eq!(names_of(&interfaces, &fork, POINTS), NAMES);
    assert_eq!(interfaces.name(POINTS), "Points");
    assert_eq!(
        interfaces.call(Some(POINTS), GIVE),
        "Points.give([dev1], 203,001,082)"
    );
    let refused = hex!(
        "c246547f 00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8"
        "00000000000000000000000000000000000000000000000000000000000003e8"
    );
    assert_eq!(interfaces.error(&refused), "Refused(dev1, 1,000)");
}

#[test]
fn an_artifact_with_code_as_a_string() {
    let mut artifact: serde_json::Value = serde_json::from_str(ARTIFACT).unwrap();
    let code = artifact["deployedBytecode"]["object"].clone();
    artifact["deployedBytecode"] = code;
    let (interfaces, _) = learnt(with(&artifact.to_string()), &scene(&[]));
    assert_eq!(interfaces.name(POINTS), "Points");
}

#[test]
fn an_artifact_with_an_unlinked_library() {
    let mut artifact: serde_json::Value = serde_json::from_str(ARTIFACT).unwrap();
    let code = artifact["deployedBytecode"]["object"].as_str().unwrap();
    // PUSH20 of a library in front: the code that stands has an address there. Where the immutables
    // are is not said, so they are recognised.
    let open = format!("__${}$__", "5".repeat(34));
    artifact["deployedBytecode"] =
        serde_json::json!({"object": format!("0x73{open}{}", &code[2..])});
    let standing = Scene::read(STATE).unwrap();
    let points = standing
        .accounts
        .iter()
        .find(|a| a.address == POINTS)
        .unwrap();
    let deployed = [&[0x73][..], &[7; 20], &points.code].concat();
    let (interfaces, _) = learnt(
        with(&artifact.to_string()),
        &scene(&[(CLONE, deployed.into())]),
    );
    assert_eq!(interfaces.name(CLONE), "Points");
}

#[test]
fn without_an_artifact_the_code_tells() {
    let (interfaces, fork) = learnt(Interfaces::default(), &scene(&[]));
    let mut found: Vec<String> = interfaces
        .functions(&fork, POINTS)
        .iter()
        .map(|function| {
            let types: Vec<_> = function
                .inputs
                .iter()
                .map(|input| input.ty.clone())
                .collect();
            format!(
                "{}({})",
                hex::encode(selector_of(function)),
                types.join(",")
            )
        })
        .collect();
    found.sort();
    let expected = [
        "355274ea()",
        "8da5cb5b()",
        "9a0f282b(bytes)",
        "9f98df30(address[],uint256)",
        "cf6a4403(address)",
    ];
    assert_eq!(found, expected);
    assert_eq!(
        interfaces.call(Some(POINTS), GIVE),
        "0x5fbd..0aa3.0x9f98df30([dev1], 203,001,082)"
    );
}

#[test]
fn a_minimal_proxy_has_the_functions_of_its_callee() {
    let erc1167 = format!(
        "363d3d373d3d3d363d73{}5af43d82803e903d91602b57fd5bf3",
        hex::encode(POINTS)
    );
    let erc7511 = format!(
        "365f5f375f5f365f73{}5af43d5f5f3e5f3d91602a57fd5bf3",
        hex::encode(POINTS)
    );
    let delegated = format!("ef0100{}", hex::encode(POINTS));
    for code in [erc1167, erc7511, delegated] {
        let code = Bytes::from(hex::decode(&code).unwrap());
        for interfaces in [with(ARTIFACT), Interfaces::default()] {
            let (interfaces, fork) = learnt(interfaces, &scene(&[(CLONE, code.clone())]));
            assert_eq!(interfaces.functions(&fork, CLONE).len(), 5, "{code}");
        }
    }
}

#[test]
fn errors_that_solidity_has() {
    let interfaces = Interfaces::default();
    assert_eq!(interfaces.error(&[]), "no reason given");
    let panic = [&hex!("4e487b71")[..], &U256::from(0x11).to_be_bytes::<32>()].concat();
    assert!(interfaces.error(&panic).contains("overflow"));
    let text = hex!(
        "08c379a0 0000000000000000000000000000000000000000000000000000000000000020"
        "0000000000000000000000000000000000000000000000000000000000000002"
        "6869000000000000000000000000000000000000000000000000000000000000"
    );
    assert_eq!(interfaces.error(&text), "\"hi\"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_code_panics(code in proptest::collection::vec(any::<u8>(), 0..400), at in 0..1121_usize) {
        let standing = Scene::read(STATE).unwrap();
        let points = standing.accounts.iter().find(|a| a.address == POINTS).unwrap();
        let mut broken = points.code.to_vec();
        let end = broken.len().min(at + code.len());
        broken[at..end].copy_from_slice(&code[..end - at]);
        for code in [code.into(), broken.into()] {
            let fork = Fork::of(&scene(&[(CLONE, code)]));
            let _ = Interfaces::default().functions(&fork, CLONE);
        }
    }

    #[test]
    fn no_data_panics(mut data in proptest::collection::vec(any::<u8>(), 0..300), known: bool) {
        let (interfaces, _) = learnt(with(ARTIFACT), &scene(&[]));
        if known && data.len() >= 4 {
            data[..4].copy_from_slice(&GIVE[..4]);
        }
        let _ = interfaces.call(Some(POINTS), &data);
        let _ = interfaces.error(&data);
    }
}
