// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Foreign} from "src/libraries/Foreign.sol";
import {Test} from "test/mocks/Test.sol";

/// @dev What counts as an answer of a contract that is not trusted to answer well.
contract ForeignTest is Test {
    using Foreign for address;

    address internal constant TARGET = address(0x7a7);
    bytes4 internal constant SELECTOR = bytes4(keccak256("question()"));
    bytes internal question = abi.encodePacked(SELECTOR);

    function asked(bytes memory answer, bool wanted, uint256 word) internal {
        vm.mockCall(TARGET, question, answer);
        found(wanted, word);
    }

    function found(bool wanted, uint256 word) internal view {
        (bool ok, uint256 first) = TARGET.ask(question);
        vm.assertTrue(ok == wanted, "by its call data");
        check(first, word, "its word");
        (ok, first) = TARGET.ask(SELECTOR);
        vm.assertTrue(ok == wanted, "by its selector");
        check(first, word, "its word");
    }

    function test_ask() public {
        found(false, 0); // nothing is there
        asked("", false, 0);
        asked(hex"01", false, 0);
        asked(abi.encodePacked(type(uint248).max), false, 0);
        asked(abi.encode(7), true, 7);
        asked(abi.encode(7, 8, 9), true, 7);
        vm.mockCallRevert(TARGET, question, abi.encode(7));
        found(false, 0);
    }

    function granted(bytes memory answer, bool wanted) internal {
        vm.mockCall(TARGET, question, answer);
        vm.assertTrue(TARGET.grants(question) == wanted, "granted");
    }

    function test_grants() public {
        granted("", true);
        granted(abi.encode(true), true);
        granted(abi.encode(false), false);
        granted(abi.encode(2), true);
        granted(hex"00", true); // no answer either
        vm.mockCallRevert(TARGET, question, abi.encode(true));
        vm.assertFalse(TARGET.grants(question), "reverted");
    }

    function test_tell() public {
        vm.mockCall(TARGET, question, abi.encode(false));
        vm.assertTrue(TARGET.tell(question), "whatever it answers");
        vm.mockCallRevert(TARGET, question, "");
        vm.assertFalse(TARGET.tell(question), "reverted");
    }
}
