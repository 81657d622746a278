// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {Lens} from "src/lens/Lens.sol";
import {Probe} from "src/lens/Probe.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {WeirdToken} from "test/weird/WeirdToken.sol";

contract LensTest is Fixture {
    /// @dev What a node answers to an `eth_call` without `to`: what the creation code returns.
    function answer(bytes memory creation) internal returns (bool ok, bytes memory data) {
        address made;
        assembly {
            made := create(0, add(creation, 32), mload(creation))
        }
        return (made != address(0), made.code);
    }

    function test_balancesInOrder() public {
        addLane(READ_THROUGH);
        address[] memory accounts = holders;
        (accounts[0], accounts[1]) = (accounts[1], stranger);
        (bool ok, bytes memory data) =
            answer(bytes.concat(type(Lens).creationCode, abi.encode(legacies[0], IERC20.balanceOf.selector, accounts)));
        vm.assertTrue(ok, "answers");
        bytes memory wanted;
        for (uint256 i = 0; i < accounts.length; ++i) {
            wanted = bytes.concat(wanted, bytes32(legacies[0].balanceOf(accounts[i])));
        }
        vm.assertEq(data, wanted, "raw words");
    }

    function test_sevenHundredAccountsFit() public {
        addLane(READ_THROUGH);
        address[] memory accounts = new address[](700);
        bytes memory creation =
            bytes.concat(type(Lens).creationCode, abi.encode(legacies[0], IERC20.balanceOf.selector, accounts));
        vm.assertLe(creation.length, 49_152, "creation code");
        (, bytes memory data) = answer(creation);
        check(data.length, 700 * 32, "answer");
    }

    function test_anyViewOfOneAccount() public {
        addLane(READ_THROUGH);
        goTo(COMMITTED);
        ledgers[0].materialize(one(holders[1]));
        bytes memory arguments = abi.encode(ledgers[0], ILedger.materialized.selector, holders);
        (bool ok, bytes memory data) = answer(bytes.concat(type(Lens).creationCode, arguments));
        vm.assertTrue(ok, "answers");
        for (uint256 i = 0; i < holders.length; ++i) {
            check(uint8(data[i * 32 + 31]), i == 1 ? 1 : 0, "materialized");
        }
    }

    function test_revertsWithTheToken() public {
        bytes memory creation =
            bytes.concat(type(Lens).creationCode, abi.encode(address(this), IERC20.balanceOf.selector, holders));
        (bool ok,) = answer(creation);
        vm.assertFalse(ok, "no balanceOf here");
    }

    function probed(address token, uint256 amount) internal returns (bool, bool, uint256[4] memory seen) {
        vm.etch(holders[1], type(Probe).runtimeCode);
        bool ok;
        bool returnedFalse;
        (ok, returnedFalse, seen[0], seen[1], seen[2], seen[3]) =
            Probe(holders[1]).probe(LegacyToken(token), stranger, amount);
        return (ok, returnedFalse, seen);
    }

    function test_probe() public {
        WeirdToken token = new WeirdToken(legacyOwner);
        token.set(holders[1], 1000);
        uint256 snapshot = vm.snapshotState();
        (bool ok, bool returnedFalse, uint256[4] memory seen) = probed(address(token), 100);
        vm.assertTrue(ok && !returnedFalse, "a good transfer");
        vm.assertEq(abi.encode(seen), abi.encode([uint256(1000), 900, 0, 100]), "exact");
        vm.revertToState(snapshot);

        token.setFee(3);
        (,, seen) = probed(address(token), 100);
        check(seen[3], 97, "fee on transfer");
        vm.revertToState(snapshot);

        token.setReturnsFalse(true);
        (ok, returnedFalse, seen) = probed(address(token), 100);
        vm.assertTrue(ok && returnedFalse, "false on success");
        vm.revertToState(snapshot);

        token.setMaxMeansBalance(true);
        (ok,, seen) = probed(address(token), type(uint256).max);
        vm.assertTrue(ok, "max means balance");
        check(seen[3], 1000, "all of it");
        vm.revertToState(snapshot);

        (ok,, seen) = probed(address(token), 1001);
        vm.assertFalse(ok, "more than there is");
    }
}
