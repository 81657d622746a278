// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Where strategies put the asset to work.
contract Market {
    using SafeERC20 for IERC20;

    IERC20 public immutable ASSET;
    mapping(address account => uint256) public supplied;

    constructor(IERC20 asset) {
        ASSET = asset;
    }

    function supply(uint256 amount) external {
        supplied[msg.sender] += amount;
        ASSET.safeTransferFrom(msg.sender, address(this), amount);
    }

    function withdraw(uint256 amount) external {
        supplied[msg.sender] -= amount;
        ASSET.safeTransfer(msg.sender, amount);
    }
}

/// @notice What the vault asks of a strategy.
interface IStrategy {
    /// @notice The vault that it works for, and for no other.
    function VAULT() external view returns (address);
    /// @notice What it has of the vault's asset.
    function holdings() external view returns (uint256);
    /// @notice Puts `amount`, taken from the vault, to work.
    function put(uint256 amount) external;
    /// @notice Gives `amount` back to the vault.
    function take(uint256 amount) external;
}

/// @notice All in one market.
contract MarketStrategy is IStrategy {
    using SafeERC20 for IERC20;

    address public immutable VAULT;
    Market public immutable MARKET;
    IERC20 public immutable ASSET;

    error NotTheVault(address caller);

    modifier onlyVault() {
        require(msg.sender == VAULT, NotTheVault(msg.sender));
        _;
    }

    constructor(address vault, Market market) {
        VAULT = vault;
        MARKET = market;
        ASSET = market.ASSET();
    }

    function holdings() external view returns (uint256) {
        return MARKET.supplied(address(this));
    }

    function put(uint256 amount) external onlyVault {
        ASSET.safeTransferFrom(VAULT, address(this), amount);
        ASSET.forceApprove(address(MARKET), amount);
        MARKET.supply(amount);
    }

    function take(uint256 amount) external onlyVault {
        MARKET.withdraw(amount);
        ASSET.safeTransfer(VAULT, amount);
    }
}
