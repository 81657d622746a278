// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20, ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice The successor. The cap is the legacy supply, so that the swap cannot be funded twice.
contract Successor is ERC20Capped, Ownable {
    constructor(address owner, uint256 cap) ERC20("Successor", "NEW") ERC20Capped(cap) Ownable(owner) {}

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }
}

/// @notice Swaps legacy for successor one to one, both in one transaction. What was taken stays here.
contract Swap {
    using SafeERC20 for IERC20;

    IERC20 public immutable LEGACY;
    IERC20 public immutable SUCCESSOR;

    event Swapped(address indexed holder, uint256 amount);

    constructor(IERC20 legacy, IERC20 successor) {
        LEGACY = legacy;
        SUCCESSOR = successor;
    }

    /// @notice Takes `amount` of the caller's legacy and gives as much of the successor.
    function swap(uint256 amount) external {
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        SUCCESSOR.safeTransfer(msg.sender, amount);
        emit Swapped(msg.sender, amount);
    }
}
