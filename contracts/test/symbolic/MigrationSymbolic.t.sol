// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LegacyToken} from "src/demo/LegacyToken.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {SuccessorERC20} from "src/ledgers/SuccessorERC20.sol";
import {Fixture} from "test/mocks/Fixture.sol";

/// @notice The part of Halmos' own cheatcodes that is used here.
interface Svm {
    function createCalldata(string calldata contractName) external pure returns (bytes memory);
    function createAddress(string calldata name) external pure returns (address);
    function createUint256(string calldata name) external pure returns (uint256);
}

/// @notice I1, I3 and I7 for every caller, all call data, any time and any decision word, with Halmos.
/// @dev Each check is one step of an induction: it starts from a symbolic decision word, not from a path.
abstract contract Symbolic is Fixture {
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));
    uint256 internal constant LIVE = 1 << 255;
    uint256 internal constant WORDS_SLOT = 8;

    /// @dev Any decision word with one of the six phases and one lane, at any time.
    function anyDecision() internal returns (uint256 phase) {
        uint256 word = svm.createUint256("word");
        phase = word & 0xff;
        vm.assume(phase <= uint256(ABORTED));
        vm.assume((word >> 136) & 0xff == 1);
        vm.store(address(migration), 0, bytes32(word));
        uint256 time = svm.createUint256("time");
        vm.assume(time < type(uint64).max);
        vm.warp(time);
    }

    function callAs(address target, bytes memory data) internal {
        address caller = svm.createAddress("caller");
        vm.assume(caller != address(migration) && caller != address(guards[0]));
        vm.prank(caller);
        (bool ok,) = target.call(data);
        ok; // both outcomes are looked at
    }
}

contract MigrationSymbolicTest is Symbolic {
    function setUp() public {
        addLane(READ_THROUGH);
        goTo(FROZEN);
    }

    /// @dev I7: from COMMITTED and from ABORTED no call leads anywhere else.
    function check_I7_terminalPhasesAreFinal() public {
        uint256 phase = anyDecision();
        vm.assume(phase >= uint256(COMMITTED));
        callAs(address(migration), svm.createCalldata("Migration"));
        assert(uint256(migration.phase()) == phase);
    }

    /// @dev I1, one half: nothing that anybody makes the guard do thaws legacy, but after ABORTED.
    function check_I1_guardThawsOnlyAfterAbort() public {
        uint256 phase = anyDecision();
        callAs(address(guards[0]), svm.createCalldata("PausableGuard"));
        if (!legacies[0].paused()) assert(phase == uint256(ABORTED));
    }

    /// @dev I1, the other half: nothing that anybody makes the ledger do brings a balance to life, but
    /// after COMMITTED.
    function check_I1_ledgerLivesOnlyAfterCommit() public {
        uint256 phase = anyDecision();
        vm.prank(svm.createAddress("caller"));
        (bool ok,) = address(ledgers[0]).call(svm.createCalldata("ReadThroughERC20"));
        ok;
        address any = svm.createAddress("any");
        if (ledgers[0].materialized(any)) assert(phase == uint256(COMMITTED));
        if (ledgers[0].allowance(any, svm.createAddress("spender")) != 0) assert(phase == uint256(COMMITTED));
    }
}

contract ConservationSymbolicTest is Symbolic {
    function setUp() public {
        addLane(DECLARED);
        goTo(COMMITTED);
    }

    /// @dev Any word of an account: staged in this or another generation, or live.
    function anyWord(address account, string memory name) internal returns (uint256) {
        uint256 word = svm.createUint256(name);
        // What is staged is below 2^208 with a generation of 32 bits; what is live is below 2^208.
        vm.assume(word < 1 << 240 || (word >= LIVE && word < LIVE + (1 << 208)));
        put(account, word);
        return word;
    }

    /// @dev Were this not the slot, every check would hold of accounts that have nothing.
    function put(address account, uint256 word) internal {
        vm.store(address(ledgers[0]), keccak256(abi.encode(account, WORDS_SLOT)), bytes32(word));
        assert(ledgers[0].materialized(account) == (word >= LIVE));
    }

    /// @dev The same without Halmos, so that forge says it first.
    function test_theSlotOfTheWords() public {
        put(stranger, LIVE | 7);
        check(ledgers[0].balanceOf(stranger), 7, "live");
        put(stranger, (1 << 208) | 9);
        check(ledgers[0].balanceOf(stranger), 9, "staged in the generation that was sealed");
    }

    /// @dev I3: a transfer moves exactly its amount, from one account to one other, whatever their words.
    function check_I3_transferConserves(uint256 value) public {
        (address a, address b, address c) = (holders[0], holders[1], holders[2]);
        anyWord(a, "a");
        anyWord(b, "b");
        anyWord(c, "c");
        SuccessorERC20 token = ledgers[0];
        (uint256 beforeA, uint256 beforeB, uint256 beforeC) =
            (token.balanceOf(a), token.balanceOf(b), token.balanceOf(c));
        uint256 total = token.totalSupply();
        vm.prank(a);
        (bool ok,) = address(token).call(abi.encodeCall(token.transfer, (b, value)));
        assert(ok == (value <= beforeA));
        if (!ok) value = 0;
        assert(token.balanceOf(a) == beforeA - value);
        assert(token.balanceOf(b) == beforeB + value);
        assert(token.balanceOf(c) == beforeC);
        assert(token.totalSupply() == total);
    }

    /// @dev I3: materialize changes no balance.
    function check_I3_materializeKeeps() public {
        address a = holders[0];
        anyWord(a, "a");
        uint256 before = ledgers[0].balanceOf(a);
        ledgers[0].materialize(one(a));
        assert(ledgers[0].balanceOf(a) == before);
        assert(ledgers[0].materialized(a));
    }
}
