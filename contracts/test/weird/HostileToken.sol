// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMigration} from "src/interfaces/IMigration.sol";

/// @notice On every change of its state it makes every call that it was armed with, and lies about its
/// supply meanwhile, so that a seal from inside would find what it expects.
contract HostileToken {
    address public owner;
    bool public paused;
    mapping(address account => uint256) public balanceOf;
    /// @notice How many calls it made, and how many of them passed.
    uint256 public tried;
    uint256 public passes;
    /// @notice One bit for each phase that it found from inside.
    uint256 public phases;

    IMigration internal migration;
    address[] internal targets;
    bytes[] internal calls;
    bool internal inside;

    constructor(address owner_) {
        owner = owner_;
        balanceOf[owner_] = 1000;
    }

    modifier hooked() {
        require(msg.sender == owner);
        hook();
        _;
        hook();
    }

    function arm(IMigration migration_) external {
        migration = migration_;
    }

    function arm(address target, bytes calldata call_) external {
        targets.push(target);
        calls.push(call_);
    }

    function hook() internal {
        if (inside) return;
        inside = true;
        phases |= 1 << uint256(migration.phase());
        for (uint256 i = 0; i < targets.length; ++i) {
            ++tried;
            (bool ok,) = targets[i].call(calls[i]);
            if (ok) ++passes;
        }
        inside = false;
    }

    function totalSupply() external view returns (uint256) {
        return inside ? 0 : 1000;
    }

    function transfer(address, uint256) external view returns (bool) {
        return !paused;
    }

    function transferFrom(address, address, uint256) external view returns (bool) {
        return !paused;
    }

    function pause() external hooked {
        paused = true;
    }

    function unpause() external hooked {
        paused = false;
    }

    function transferOwnership(address to) external {
        require(msg.sender == owner);
        owner = to;
        if (address(migration) != address(0)) hook();
    }

    function renounceOwnership() external hooked {
        owner = address(0);
    }
}
