// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice A vault without yield.
contract Vault is ERC4626 {
    constructor(IERC20 asset, string memory name, string memory symbol) ERC20(name, symbol) ERC4626(asset) {}
}

/// @notice Swaps the caller's shares of one vault for shares of another, in one transaction.
contract Router {
    using SafeERC20 for IERC20;

    Vault public immutable OLD;
    Vault public immutable NEXT;

    error NotOneToOne(uint256 shares, uint256 received);

    constructor(Vault old, Vault next) {
        OLD = old;
        NEXT = next;
        IERC20(old.asset()).forceApprove(address(next), type(uint256).max);
    }

    /// @notice Redeems all shares of the caller, and deposits what came out for the caller. Again does nothing.
    /// @dev Both vaults are without yield: anything but as many shares is a wrong price, to either side.
    function migrate() external {
        uint256 shares = OLD.balanceOf(msg.sender);
        if (shares == 0) return;
        uint256 assets = OLD.redeem(shares, address(this), msg.sender);
        uint256 received = NEXT.deposit(assets, msg.sender);
        if (received != shares) revert NotOneToOne(shares, received);
    }
}
