// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice The successor. Its whole supply, that of the legacy token, is made once, in the swap.
contract Successor is ERC20, Ownable {
    address public immutable SWAP;
    uint256 public immutable SUPPLY;

    constructor(address owner, address swap, uint256 supply) ERC20("Successor", "NEW") Ownable(owner) {
        SWAP = swap;
        SUPPLY = supply;
    }

    /// @notice Funds the swap. Again does nothing.
    function fund() external onlyOwner {
        if (totalSupply() == 0) _mint(SWAP, SUPPLY);
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

    /// @notice Takes all of the caller's legacy and gives as much of the successor. Again does nothing.
    function swap() external {
        uint256 amount = LEGACY.balanceOf(msg.sender);
        if (amount == 0) return;
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        SUCCESSOR.safeTransfer(msg.sender, amount);
        emit Swapped(msg.sender, amount);
    }
}
