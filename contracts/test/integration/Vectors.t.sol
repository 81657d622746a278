// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGuard} from "src/interfaces/IGuard.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {Heads} from "src/libraries/Heads.sol";
import {Fixture} from "test/mocks/Fixture.sol";

/// @dev The file that Solidity and Rust share (written by tools/vectors.mjs, which is neither).
contract VectorsTest is Fixture {
    string internal json;

    function setUp() public {
        json = vm.readFile("test/vectors/heads.json");
    }

    function path(string memory base, string memory list, uint256 i) internal pure returns (string memory) {
        return string.concat(base, ".", list, "[", vm.toString(i), "]");
    }

    function uintAt(string memory base, string memory key) internal view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(base, ".", key));
    }

    function wordAt(string memory base, string memory key) internal view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(base, ".", key));
    }

    function addressAt(string memory base, string memory key) internal view returns (address) {
        return vm.parseJsonAddress(json, string.concat(base, ".", key));
    }

    function sourceAt(string memory base, string memory key) internal view returns (IMigration.Source) {
        bytes32 name = keccak256(bytes(vm.parseJsonString(json, string.concat(base, ".", key))));
        if (name == keccak256("READ_THROUGH")) return READ_THROUGH;
        if (name == keccak256("CHAIN_READ")) return CHAIN_READ;
        if (name == keccak256("DECLARED")) return DECLARED;
        vm.assertTrue(name == keccak256("DECLARED_WIDE"), "a source");
        return DECLARED_WIDE;
    }

    function exists(string memory at) internal view returns (bool) {
        return vm.keyExistsJson(json, at);
    }

    function test_heads() public view {
        uint256 i = 0;
        for (; exists(path("", "heads", i)); ++i) {
            string memory case_ = path("", "heads", i);
            bytes32 id = wordAt(case_, "id");
            uint256 lane = uintAt(case_, "lane");
            bytes32 head = Heads.first(id, lane, uintAt(case_, "generation"));
            vm.assertEq(head, wordAt(case_, "head0"), "head0");
            IMigration.Source format = sourceAt(case_, "format");
            for (uint256 j = 0; exists(path(case_, "batches", j)); ++j) {
                string memory at = path(case_, "batches", j);
                IMigration.Batch memory b = batchAt(at, format);
                head = Heads.next(head, id, lane, j, b);
                vm.assertEq(head, wordAt(at, "head"), "head");
            }
            vm.assertEq(head, wordAt(case_, "final"), "final");
        }
        check(i, 7, "cases");
    }

    /// @dev From the entries, so that the layout of the data is checked as well.
    function batchAt(string memory at, IMigration.Source format) internal view returns (IMigration.Batch memory b) {
        bytes memory data;
        for (; exists(path(at, "entries", b.count)); ++b.count) {
            string memory entryAt = path(at, "entries", b.count);
            uint256 amount = uintAt(entryAt, "amount");
            data = bytes.concat(data, entry(format, addressAt(entryAt, "account"), amount));
            b.sum += amount;
        }
        b.dataHash = keccak256(data);
        vm.assertEq(data, vm.parseJsonBytes(json, string.concat(at, ".data")), "data");
        check(b.count, uintAt(at, "count"), "count");
        check(b.sum, uintAt(at, "sum"), "sum");
        vm.assertEq(b.dataHash, wordAt(at, "dataHash"), "data hash");
    }

    function test_seals() public view {
        uint256 i = 0;
        for (; exists(path("", "seals", i)); ++i) {
            string memory case_ = path("", "seals", i);
            bytes32 head = Heads.seal(wordAt(case_, "id"), uintAt(case_, "frozenBlock"));
            for (uint256 j = 0; exists(path(case_, "lanes", j)); ++j) {
                string memory at = path(case_, "lanes", j);
                head = Heads.sealLane(
                    head,
                    j,
                    uintAt(at, "generation"),
                    uintAt(at, "count"),
                    uintAt(at, "sum"),
                    wordAt(at, "head"),
                    uintAt(at, "supply"),
                    wordAt(at, "legacyCodeHash")
                );
            }
            vm.assertEq(head, wordAt(case_, "sealedHead"), "sealed head");
        }
        check(i, 2, "cases");
    }

    function test_ids() public view {
        uint256 i = 0;
        for (; exists(path("", "ids", i)); ++i) {
            string memory case_ = path("", "ids", i);
            bytes32 rulesHash = keccak256(abi.encode(rulesAt(string.concat(case_, ".rules"))));
            vm.assertEq(rulesHash, wordAt(case_, "rulesHash"), "rules hash");
            bytes32 id =
                Heads.id(uintAt(case_, "chainId"), addressAt(case_, "migration"), rulesHash, wordAt(case_, "nonce"));
            vm.assertEq(id, wordAt(case_, "id"), "id");
        }
        check(i, 2, "cases");
    }

    function rulesAt(string memory at) internal view returns (IMigration.Rules memory r) {
        r.deadline = uint64(uintAt(at, "deadline"));
        r.maxFreezeSecs = uint64(uintAt(at, "maxFreezeSecs"));
        r.operator = addressAt(at, "operator");
        r.guardian = addressAt(at, "guardian");
        r.preauthorised = vm.parseJsonBool(json, string.concat(at, ".preauthorised"));
        uint256 n = 0;
        while (exists(path(at, "lanes", n))) ++n;
        r.lanes = new IMigration.LaneRules[](n);
        for (uint256 i = 0; i < n; ++i) {
            string memory lane = path(at, "lanes", i);
            r.lanes[i].legacy = addressAt(lane, "legacy");
            r.lanes[i].source = sourceAt(lane, "source");
            r.lanes[i].guard = IGuard(addressAt(lane, "guard"));
            r.lanes[i].ledger = ILedger(addressAt(lane, "ledger"));
            r.lanes[i].legacyCodeHash = wordAt(lane, "legacyCodeHash");
            r.lanes[i].guardCodeHash = wordAt(lane, "guardCodeHash");
            r.lanes[i].ledgerCodeHash = wordAt(lane, "ledgerCodeHash");
        }
    }
}
