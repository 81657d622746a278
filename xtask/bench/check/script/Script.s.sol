// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script, Vm} from "common/Script.sol";
import {Token} from "common/Token.sol";
import {Faucet} from "../src/Faucet.sol";
import {Holders} from "../src/Holders.sol";
import {Migrator} from "../src/Migrator.sol";

interface VmEnv {
    function envOr(string calldata name, uint256 otherwise) external view returns (uint256);
}

/// @notice As many batches as the environment variable N says; 100 without it.
contract Migrate is Script {
    /// @dev Holders a transaction, so that it stays below the cap of a transaction.
    uint256 internal constant CHUNK = 250;

    Token internal legacy = Token(created(OWNER, 0));
    Token internal successor = Token(created(OWNER, 1));
    Migrator internal migrator = Migrator(created(OWNER, 2));
    Faucet internal faucet = Faucet(created(OWNER, 3));
    uint256 internal batches = VmEnv(address(vm)).envOr("N", 100);

    function deploy() external override broadcast(OWNER) {
        new Token("Legacy", "OLD", address(faucet));
        new Token("Successor", "NEW", address(migrator));
        new Migrator(legacy, successor, OWNER);
        new Faucet(OWNER);
        uint256 holders = batches * Holders.BATCH;
        for (uint256 n = 0; n < holders; n += CHUNK) {
            uint256 count = holders - n < CHUNK ? holders - n : CHUNK;
            migrator.enlist(count);
            faucet.fill(legacy, count);
        }
        faucet.hand(legacy, address(migrator));
        migrator.renounceOwnership();
        faucet.renounceOwnership();
    }

    function run() external override broadcast(OPERATOR) {
        for (uint256 batch = 0; batch < batches; batch++) {
            migrator.migrateBatch(batch);
        }
    }
}
