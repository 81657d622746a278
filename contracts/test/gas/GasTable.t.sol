// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Migration} from "src/Migration.sol";
import {Disperse} from "src/demo/Disperse.sol";
import {LegacyRoleToken} from "src/demo/LegacyRoleToken.sol";
import {LegacyToken} from "src/demo/LegacyToken.sol";
import {MintLoop} from "src/demo/MintLoop.sol";
import {PausableGuard} from "src/guards/PausableGuard.sol";
import {IMigration} from "src/interfaces/IMigration.sol";
import {SuccessorERC20} from "src/ledgers/SuccessorERC20.sol";
import {Fixture} from "test/mocks/Fixture.sol";
import {SolidityLoop} from "test/mocks/SolidityLoop.sol";

/// @notice Measures gas.md and fails when a number in it is not what the contracts cost.
/// @dev Every top-level call is a transaction of its own (isolate), so a number is what a receipt says:
/// 21,000, call data, cold storage and refunds included. `SEALIFT_GAS_WRITE=true forge test
/// --match-contract GasTableTest` writes gas.md anew.
/// forge-config: default.isolate = true
contract GasTableTest is Fixture {
    uint256 internal constant BATCH = 500;
    uint256 internal constant FLOOR = 22_612;
    uint256 internal constant PERMILLE = 1000;

    string internal table;
    bytes32 internal constant PAUSER = keccak256("PAUSER_ROLE");

    // ------------------------------------------------------------------ the table

    function row(string memory what, uint256 gas) internal {
        table = string.concat(table, "| ", what, " | ", grouped(gas), " |\n");
    }

    /// @dev Per holder, and in thousandths of the floor.
    function perHolder(string memory what, uint256 gas) internal returns (uint256 each) {
        each = gas / BATCH;
        uint256 ratio = each * PERMILLE / FLOOR;
        string memory digits = vm.toString(ratio % PERMILLE);
        while (bytes(digits).length < 3) digits = string.concat("0", digits);
        string memory cells = string.concat(grouped(each), " | ", vm.toString(ratio / PERMILLE), ".", digits);
        table = string.concat(table, "| ", what, " | ", cells, " |\n");
    }

    function grouped(uint256 n) internal pure returns (string memory) {
        if (n < 1000) return vm.toString(n);
        string memory low = vm.toString(n % 1000);
        while (bytes(low).length < 3) low = string.concat("0", low);
        return string.concat(grouped(n / 1000), ",", low);
    }

    function spent() internal view returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    // ------------------------------------------------------------------ the ground

    /// @dev 500 accounts and amounts that look like real ones: hashes, 9 random bytes of amount.
    function manyHolders() internal {
        delete holders;
        delete amounts;
        supply = 0;
        uint160 step = type(uint160).max / 501;
        for (uint256 i = 0; i < BATCH; ++i) {
            uint256 noise = uint256(keccak256(abi.encode(i)));
            holders.push(address(uint160(i) * step + uint160(noise % step)));
            amounts.push((noise >> 184) | 1);
            supply += amounts[i];
        }
    }

    function newMigration(IMigration.Source source) internal {
        delete legacies;
        delete guards;
        delete ledgers;
        delete sources;
        migration = new Migration(owner);
        addLane(source);
    }

    function all() internal view returns (bytes memory) {
        return batch(0, 0, BATCH);
    }

    function stageBatch(IMigration.Source source) internal returns (uint256 gas) {
        newMigration(source);
        open();
        freeze();
        bytes memory data = all();
        if (source != CHAIN_READ) {
            bytes32 head = keccak256(abi.encode(migration.id(), 0, 1));
            head = keccak256(abi.encode(head, migration.id(), 0, 0, BATCH, supply, keccak256(data)));
            vm.prank(operator);
            migration.declare(0, 1, uint64(BATCH), supply, head);
        }
        vm.prank(operator);
        migration.stage(0, 0, data);
        gas = spent();
        seal();
        commit();
    }

    // ------------------------------------------------------------------ the rows

    function test_gasTable() public {
        table = string.concat(
            "# Gas\n\nWhat a receipt says: 21,000, call data, cold storage and refunds included. Osaka rules, ",
            "solc 0.8.37, optimizer runs 1,000,000, one lane unless it says more. Written by `SEALIFT_GAS_WRITE=true forge test ",
            "--match-contract GasTableTest`;\nthe same test without the variable fails when a number drifts.\n"
        );
        verbs();
        manyHolders();
        staging();
        transfers();

        if (vm.envOr("SEALIFT_GAS_WRITE", false)) vm.writeFile("gas.md", table);
        vm.assertEq(vm.readFile("gas.md"), table, "gas.md is not what the contracts cost");
    }

    function verbs() internal {
        table = string.concat(table, "\n## The workflow, a transaction\n\n| transaction | gas |\n|---|---|\n");
        newMigration(READ_THROUGH);
        open();
        row("open", spent());
        freeze();
        row("freeze, Ownable", spent());
        uint256 aborted;
        uint256 snapshot = vm.snapshotState();
        abort(owner);
        aborted = spent();
        vm.revertToState(snapshot); // takes the rows of the table back as well
        row("abort from FROZEN, with the release", aborted);
        seal();
        row("seal, read-through", spent());
        commit();
        uint256 gas = spent();
        row("**commit, read-through, Ownable**", gas);
        vm.assertLe(gas, 50_000, "commit, read-through");
        guards[0].retire();
        row("retire, Ownable", spent());

        withRoles();
        open();
        freeze();
        row("freeze, role", spent());
        snapshot = vm.snapshotState();
        abort(owner);
        aborted = spent();
        vm.revertToState(snapshot); // takes the rows of the table back as well
        row("abort from FROZEN, with the release, role", aborted);
        seal();
        commit();
        gas = spent();
        row("commit, read-through, role", gas);
        vm.assertLe(gas, 50_000, "commit, read-through, role");

        newMigration(CHAIN_READ);
        goTo(FROZEN);
        stageAll(0);
        seal();
        row("seal, staged", spent());
        commit();
        row("commit, staged", spent());

        newMigration(DECLARED);
        goTo(FROZEN);
        declare(0);
        row("declare", spent());
        vm.prank(operator);
        migration.restart(0);
        row("restart", spent());
        sixteenLanes();
    }

    /// @dev The largest migration, all of its lanes of the dearest kind to freeze and to release.
    function sixteenLanes() internal {
        withRoles();
        for (uint256 i = 1; i < 16; ++i) {
            addRoleLane(i);
        }
        open();
        row("open, 16 lanes", spent());
        freeze();
        row("freeze, role, 16 lanes", spent());
        uint256 snapshot = vm.snapshotState();
        abort(owner);
        uint256 aborted = spent();
        vm.revertToState(snapshot); // takes the rows of the table back as well
        row("abort from FROZEN, with the releases, role, 16 lanes", aborted);
        seal();
        row("seal, read-through, 16 lanes", spent());
        commit();
        row("commit, read-through, role, 16 lanes", spent());
    }

    function withRoles() internal {
        newMigration(READ_THROUGH);
        addRoleLane(0);
    }

    function addRoleLane(uint256 lane) internal {
        if (lane != 0) addLane(READ_THROUGH);
        LegacyRoleToken token = new LegacyRoleToken("Legacy", "LEG", legacyOwner);
        PausableGuard guard = new PausableGuard(address(migration), address(token), legacyOwner, PAUSER);
        vm.startPrank(legacyOwner);
        token.mint(holders[0], supply);
        token.grantRole(PAUSER, address(guard));
        token.grantRole(0, address(guard));
        token.renounceRole(PAUSER, legacyOwner);
        token.renounceRole(0, legacyOwner);
        vm.stopPrank();
        legacies[lane] = LegacyToken(address(token));
        guards[lane] = guard;
        ledgers[lane] = deployLedger(address(token), lane, READ_THROUGH);
    }

    function staging() internal {
        table = string.concat(
            table,
            "\n## A holder, in a batch of 500\n\nThe floor is 22,612: a new cold slot (22,100) and 32 bytes of call data.\n\n",
            "| technique | gas a holder | ratio to the floor |\n|---|---|---|\n"
        );
        uint256 each = perHolder("**staged, uploaded**", stageBatch(DECLARED));
        vm.assertLe(each, FLOOR * 103 / 100, "uploaded");
        perHolder("the same loop in Solidity, without its migration", solidityLoop());
        perHolder("staged, uploaded, wide", stageBatch(DECLARED_WIDE));
        each = perHolder("**staged, amounts read from legacy**", stageBatch(CHAIN_READ));
        vm.assertLe(each, 26_000, "chain-read");

        MintLoop loop = new MintLoop();
        loop.mint(holders, amounts);
        perHolder("OpenZeppelin `_mint` loop", spent());

        Disperse disperse = new Disperse();
        LegacyToken token = new LegacyToken("Plain", "PLN", legacyOwner);
        vm.prank(legacyOwner);
        token.mint(stranger, supply + 1);
        vm.prank(stranger);
        token.approve(address(disperse), supply);
        vm.prank(stranger);
        disperse.disperse(token, holders, amounts);
        perHolder("disperse", spent());
    }

    function solidityLoop() internal returns (uint256) {
        SolidityLoop loop = new SolidityLoop();
        loop.stage(1, 0, all());
        return spent();
    }

    /// @dev The same four transfers of each token: between holders whose balances stay above zero.
    function transfers() internal {
        table = string.concat(
            table,
            "\n## What holders pay after the decision\n\n",
            "| transaction | plain OpenZeppelin | read-through | staged, uploaded |\n|---|---|---|---|\n"
        );
        uint256[5] memory plain = transferCosts(IERC20(address(plainToken())), false);
        stageBatch(DECLARED);
        uint256[5] memory staged = transferCosts(IERC20(address(ledgers[0])), true);
        newMigration(READ_THROUGH);
        goTo(COMMITTED);
        uint256[5] memory through = transferCosts(IERC20(address(ledgers[0])), true);
        string[5] memory names = [
            "first touch of the token: transfer, pins two holders and latches the decision",
            "first touch of two holders: transfer",
            "**steady transfer**",
            "steady transferFrom",
            "materialize, one holder"
        ];
        for (uint256 i = 0; i < 5; ++i) {
            string memory cells = string.concat(
                plain[i] == 0 ? "" : grouped(plain[i]), " | ", grouped(through[i]), " | ", grouped(staged[i])
            );
            table = string.concat(table, "| ", names[i], " | ", cells, " |\n");
        }
        for (uint256 i = 2; i < 4; ++i) {
            vm.assertLe(through[i], plain[i] + 200, "the decision must not tax every later transfer");
            vm.assertLe(staged[i], plain[i] + 200, "the decision must not tax every later transfer");
        }
    }

    function transferCosts(IERC20 token, bool successor) internal returns (uint256[5] memory costs) {
        for (uint256 i = 0; i < 3; ++i) {
            // The third is a repetition of the second: both are touched by then.
            uint256 who = i == 0 ? 0 : 2;
            vm.prank(holders[who]);
            token.transfer(holders[who + 1], 1000);
            costs[i] = spent();
        }
        vm.prank(holders[2]);
        token.approve(stranger, 1_000_000);
        vm.prank(stranger);
        token.transferFrom(holders[2], holders[3], 1000);
        costs[3] = spent();
        if (!successor) return costs;
        SuccessorERC20(address(token)).materialize(one(holders[9]));
        costs[4] = spent();
    }

    function plainToken() internal returns (MintLoop token) {
        token = new MintLoop();
        token.mint(holders, amounts);
    }
}
