// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

error NotAllowed();
error NotListed();

/// @notice Which markets count.
contract Comptroller {
    address public immutable OWNER = msg.sender;
    mapping(Market market => bool) public listed;

    /// @notice Lists a market or takes it off the list.
    function list(Market market, bool on) external {
        if (msg.sender != OWNER) revert NotAllowed();
        listed[market] = on;
    }
}

/// @notice Supplied positions, which can be moved as long as the market is listed.
contract Market is ERC20 {
    Comptroller private immutable COMPTROLLER;

    constructor(Comptroller comptroller, string memory symbol) ERC20(symbol, symbol) {
        COMPTROLLER = comptroller;
    }

    /// @notice Gives `account` a position in the world before the migration.
    function supply(address account, uint256 amount) external {
        if (msg.sender != COMPTROLLER.OWNER()) revert NotAllowed();
        _mint(account, amount);
    }

    /// @notice Gives every account the position that it has in `old`.
    function copyFrom(Market old, address[] calldata accounts) external {
        if (msg.sender != COMPTROLLER.OWNER()) revert NotAllowed();
        for (uint256 i = 0; i < accounts.length; i++) {
            if (balanceOf(accounts[i]) == 0) _mint(accounts[i], old.balanceOf(accounts[i]));
        }
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && !COMPTROLLER.listed(this)) revert NotListed();
        super._update(from, to, value);
    }
}
