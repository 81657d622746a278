// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Token} from "common/Token.sol";

/// @notice A successor that tells recipients with code, and fails where they do.
contract HookedToken is ERC20, Ownable {
    error Refused(address to);

    constructor(address owner) ERC20("New", "NEW") Ownable(owner) {}

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (to.code.length > 0) {
            (bool ok,) = to.call(abi.encodeWithSignature("onReceived(uint256)", value));
            require(ok, Refused(to));
        }
    }
}

/// @notice Freezes the old for good, then pushes the new in the order of a list; anyone may push.
contract Migrator {
    Token public immutable legacy;
    HookedToken public immutable successor;
    address[] public holders;
    uint256 public next;

    constructor(Token legacy_, HookedToken successor_, address[] memory holders_) {
        legacy = legacy_;
        successor = successor_;
        holders = holders_;
    }

    function start() external {
        if (!legacy.paused()) legacy.pause();
    }

    function push() external {
        if (!legacy.paused() || next == holders.length) return;
        address holder = holders[next++];
        uint256 amount = legacy.balanceOf(holder);
        legacy.burn(holder, amount);
        successor.mint(holder, amount);
    }
}
