// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice The legacy token: a tenth of every transfer is burned.
contract FeeToken is ERC20 {
    constructor() ERC20("Legacy", "OLD") {
        _mint(msg.sender, 800e18);
    }

    /// @notice Hands `amount` out in the world before the migration, without the fee.
    function distribute(address to, uint256 amount) external {
        super._update(msg.sender, to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : value / 10;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}

/// @notice The successor: eleven for ten of the legacy that it keeps, and back again.
contract BonusToken is ERC20 {
    using SafeERC20 for IERC20;

    IERC20 private immutable LEGACY;

    constructor(IERC20 legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Takes `amount` of the caller's legacy and pays a tenth more.
    function migrate(uint256 amount) external {
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        _mint(msg.sender, amount * 11 / 10);
    }

    /// @notice Gives the legacy back for `amount` of the caller's successor.
    function redeem(uint256 amount) external {
        _burn(msg.sender, amount);
        LEGACY.safeTransfer(msg.sender, amount * 10 / 11);
    }
}
