// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

error NotAllowed();

/// @notice Keeps a vault's assets at work and earns a second token with them.
contract Strategy {
    using SafeERC20 for IERC20;

    address private immutable OWNER = msg.sender;
    Vault private immutable VAULT;
    IERC20 private immutable ASSET;
    IERC20 private immutable REWARD;
    bool public halted;

    constructor(Vault vault, IERC20 asset, IERC20 reward) {
        VAULT = vault;
        ASSET = asset;
        REWARD = reward;
    }

    /// @notice From now on nothing is put to work any more.
    function halt() external {
        if (msg.sender != OWNER) revert NotAllowed();
        halted = true;
    }

    /// @notice Sends the rewards to the vault.
    function harvest() external {
        if (msg.sender != address(VAULT)) revert NotAllowed();
        REWARD.safeTransfer(msg.sender, REWARD.balanceOf(address(this)));
    }

    /// @notice Sends the assets to the strategy that follows.
    function withdrawAll(address to) external {
        if (msg.sender != address(VAULT)) revert NotAllowed();
        ASSET.safeTransfer(to, ASSET.balanceOf(address(this)));
    }
}

/// @notice Shares in what the strategy holds.
contract Vault is ERC20 {
    using SafeERC20 for IERC20;

    address private immutable OWNER = msg.sender;
    IERC20 private immutable ASSET;
    Strategy public strategy;

    constructor(IERC20 asset) ERC20("Vault", "VAULT") {
        ASSET = asset;
    }

    /// @notice Takes assets of the caller and gives the shares to `account`.
    function depositFor(address account, uint256 amount) external {
        ASSET.safeTransferFrom(msg.sender, address(strategy), amount);
        _mint(account, amount);
    }

    /// @notice Brings in what the strategy has earned.
    function harvest() external {
        strategy.harvest();
    }

    /// @notice Moves the assets to another strategy.
    function setStrategy(Strategy to) external {
        if (msg.sender != OWNER) revert NotAllowed();
        if (address(strategy) != address(0)) strategy.withdrawAll(address(to));
        strategy = to;
    }
}
