// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Token} from "common/Token.sol";

/// @notice What an account with code has to answer to receive the successor.
interface IReceiver {
    function onReceived(uint256 amount) external;
}

/// @notice A token that tells receivers with code, and that they can refuse.
contract HookedToken is ERC20 {
    address public immutable MIGRATOR;

    error NotMigrator();

    constructor(address migrator) ERC20("Successor", "NEW") {
        MIGRATOR = migrator;
    }

    function mint(address to, uint256 amount) external {
        if (msg.sender != MIGRATOR) revert NotMigrator();
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (to.code.length != 0) IReceiver(to).onReceived(value);
    }
}

/// @notice Pushes batches. A holder that refuses keeps its legacy, and can pull to another address.
/// @dev Assumes: it owns the legacy token.
contract Migrator {
    Token public immutable LEGACY;
    HookedToken public immutable SUCCESSOR;

    event Refused(address indexed holder);

    error NotSelf();

    constructor(Token legacy, HookedToken successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Moves these holders, one by one. Anybody may, and again does nothing.
    function push(address[] calldata holders) external {
        for (uint256 i = 0; i < holders.length; i++) {
            try this.pushOne(holders[i]) {}
            catch {
                emit Refused(holders[i]);
            }
        }
    }

    /// @notice Burn and mint are undone together when the holder refuses, or the gas runs out.
    function pushOne(address holder) external {
        if (msg.sender != address(this)) revert NotSelf();
        _move(holder, holder);
    }

    /// @notice Moves the caller's balance to an address of its choice.
    function pull(address to) external {
        _move(msg.sender, to);
    }

    function _move(address holder, address to) private {
        uint256 amount = LEGACY.balanceOf(holder);
        if (amount == 0) return;
        LEGACY.burn(holder, amount);
        SUCCESSOR.mint(to, amount);
    }
}

/// @notice A holder that cannot receive the successor; its owner decides where its balance goes.
contract Refuser {
    address public immutable OWNER;

    error NotOwner();

    constructor(address owner) {
        OWNER = owner;
    }

    function pull(Migrator migrator, address to) external {
        if (msg.sender != OWNER) revert NotOwner();
        migrator.pull(to);
    }
}
