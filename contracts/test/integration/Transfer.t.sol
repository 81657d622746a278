// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ILedger} from "src/interfaces/ILedger.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {ReadThroughERC20} from "src/ledgers/ReadThroughERC20.sol";
import {StagedERC20} from "src/ledgers/StagedERC20.sol";
import {SuccessorFixture} from "test/mocks/SuccessorFixture.sol";

/// @dev What a holder does with the successor, for each source of amounts.
abstract contract TransferTest is SuccessorFixture {
    function inert() internal override {
        vm.startPrank(alice);
        vm.expectRevert(ILedger.NotLive.selector);
        token.transfer(bob, 0);
        vm.expectRevert(ILedger.NotLive.selector);
        token.transfer(bob, 1);
        vm.expectRevert(ILedger.NotLive.selector);
        token.transferFrom(bob, alice, 1);
        vm.expectRevert(ILedger.NotLive.selector);
        token.transferFrom(bob, alice, 0);
        vm.stopPrank();
        check(token.totalSupply(), 0, "supply");
        check(token.balanceOf(alice), 0, "balance");
    }

    function test_firstTouchThenTransfer() public {
        goTo(COMMITTED);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(0), alice, amounts[0]);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(0), bob, amounts[1]);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, bob, 3);
        vm.prank(alice);
        token.transfer(bob, 3);
        check(token.balanceOf(alice), amounts[0] - 3, "sender");
        check(token.balanceOf(bob), amounts[1] + 3, "recipient");
        vm.assertTrue(token.materialized(alice) && token.materialized(bob), "both are pinned");
        vm.prank(bob);
        token.transfer(stranger, amounts[1] + 3);
        check(token.balanceOf(bob), 0, "all of it");
        check(token.balanceOf(stranger), amounts[1] + 3, "to somebody new");
        check(token.totalSupply(), supply, "supply");
    }

    function test_toOneself() public {
        goTo(COMMITTED);
        vm.startPrank(alice);
        token.transfer(alice, amounts[0]);
        check(token.balanceOf(alice), amounts[0], "first");
        token.transfer(alice, 1);
        check(token.balanceOf(alice), amounts[0], "steady");
    }

    function test_noMoreThanTheBalance() public {
        goTo(COMMITTED);
        uint256 more = amounts[0] + 1;
        bytes memory why =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, amounts[0], more);
        vm.startPrank(alice);
        vm.expectRevert(why);
        token.transfer(bob, more);
        token.transfer(bob, 0);
        vm.expectRevert(why);
        token.transfer(bob, more);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, amounts[0], type(uint256).max)
        );
        token.transfer(bob, type(uint256).max);
    }

    /// @dev Any transfers between holders: each balance follows a plain model, and sums to the supply.
    function testFuzz_followsThePlainModel(uint256 seed) public {
        goTo(COMMITTED);
        uint256[] memory model = amounts;
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            (uint256 from, uint256 to) = (seed % holders.length, (seed >> 64) % holders.length);
            uint256 value = (seed >> 128) % (model[from] + 1);
            vm.prank(holders[from]);
            token.transfer(holders[to], value);
            model[from] -= value;
            model[to] += value;
        }
        uint256 sum;
        for (uint256 i = 0; i < holders.length; ++i) {
            check(token.balanceOf(holders[i]), model[i], "balance");
            sum += model[i];
        }
        check(sum, token.totalSupply(), "sum");
    }
}

contract TransferReadThroughTest is TransferTest {
    function setUp() public {
        setUpLane(READ_THROUGH);
    }
}

contract TransferChainReadTest is TransferTest {
    function setUp() public {
        setUpLane(CHAIN_READ);
    }
}

contract TransferDeclaredTest is TransferTest {
    function setUp() public {
        setUpLane(DECLARED);
    }
}

contract TransferDeclaredWideTest is TransferTest {
    function setUp() public {
        setUpLane(DECLARED_WIDE);
    }

    /// @dev In a call of its own: with dynamic linking, a test ends at the first `new` that reverts, and passes.
    function construct(IMigration.Source source) external {
        new StagedERC20("Next", "NXT", 18, migration, address(legacies[0]), 0, source);
    }

    function test_nothingIsStagedInAReadThroughLane() public {
        vm.expectRevert(StagedERC20.BadSource.selector);
        this.construct(READ_THROUGH);
    }

    function test_metadata() public {
        check(token.decimals(), 18, "decimals");
        check(new StagedERC20("Six", "SIX", 6, migration, address(legacies[0]), 0, DECLARED).decimals(), 6, "six");
        check(new ReadThroughERC20("Nil", "NIL", 0, migration, address(legacies[0]), 0).decimals(), 0, "none");
        vm.assertEq(token.name(), "Next", "name");
        vm.assertEq(token.symbol(), "NXT", "symbol");
        vm.assertEq(token.migration(), address(migration), "migration");
        check(uint256(token.source()), uint256(DECLARED_WIDE), "source");
    }
}
