// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {HarborDollar} from "./HarborDollar.sol";
import {LegacyToken} from "./LegacyToken.sol";

/// @notice Becomes the owner of the old token, pauses it for good, and pays each balance in the new one.
/// @dev It has no way to unpause, mint or pass on the ownership: once open, the old balances are the snapshot.
contract Claim {
    using SafeERC20 for IERC20;

    event Opened(uint256 supply);
    event Claimed(address indexed holder, uint256 amount);

    error NotTheOwnerYet(address owner);
    error NotOpen();

    LegacyToken public immutable LEGACY;
    HarborDollar public immutable TOKEN;
    bool public isOpen;
    mapping(address holder => bool) public claimed;

    constructor(LegacyToken legacy, HarborDollar token) {
        LEGACY = legacy;
        TOKEN = token;
    }

    /// @notice Pauses the old token and funds this contract, in one transaction. Anyone may; again does nothing.
    function open() external {
        if (isOpen) return;
        require(LEGACY.owner() == address(this), NotTheOwnerYet(LEGACY.owner()));
        isOpen = true;
        if (!LEGACY.paused()) LEGACY.pause();
        uint256 supply = LEGACY.totalSupply();
        TOKEN.fund(supply);
        emit Opened(supply);
    }

    /// @notice Pays `holder` its old balance, to itself only. Anyone may; again does nothing.
    function claim(address holder) external {
        require(isOpen, NotOpen());
        uint256 amount = LEGACY.balanceOf(holder);
        if (amount == 0 || claimed[holder]) return;
        claimed[holder] = true;
        IERC20(TOKEN).safeTransfer(holder, amount);
        emit Claimed(holder, amount);
    }
}
