// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Token} from "common/Token.sol";

/// @notice A successor that tells recipients with code.
contract HookedToken is ERC20, Ownable {
    constructor(address owner) ERC20("New", "NEW") Ownable(owner) {}

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
        if (to.code.length > 0) {
            (bool ok,) = to.call(abi.encodeWithSignature("onReceived(uint256)", amount));
            ok; // A recipient that does not listen gets it all the same.
        }
    }
}

/// @notice Anyone moves anyone's balance: it gives the new before it takes the old.
contract Migrator {
    Token public immutable legacy;
    HookedToken public immutable successor;

    constructor(Token legacy_, HookedToken successor_) {
        legacy = legacy_;
        successor = successor_;
    }

    function migrate(address holder) external {
        uint256 amount = legacy.balanceOf(holder);
        if (amount == 0) return;
        successor.mint(holder, amount);
        legacy.burn(holder, legacy.balanceOf(holder));
    }
}
