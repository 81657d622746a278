// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStrategy} from "./Strategies.sol";

/// @notice A vault with one strategy, and during a replacement a second one that is on its way out.
/// Shares are worth what lies idle and in both. Whoever redeems is paid from wherever there is something.
contract Vault is ERC4626, Ownable {
    using SafeERC20 for IERC20;

    /// @notice Where `invest` puts what lies idle.
    IStrategy public strategy;
    /// @notice The strategy before, until `finish`.
    IStrategy public retiring;

    event StrategyReplaced(IStrategy indexed former, IStrategy indexed next);
    event Recalled(uint256 amount);
    event Invested(uint256 amount);
    event Finished(IStrategy indexed former);

    error NotOurs(IStrategy strategy);
    error ReplacementUnderWay(IStrategy retiring);

    constructor(IERC20 asset_, address governor) ERC20("Harbour Vault", "hvUSD") ERC4626(asset_) Ownable(governor) {}

    function totalAssets() public view override returns (uint256) {
        return super.totalAssets() + _holdings(strategy) + _holdings(retiring);
    }

    /// @notice Names another strategy. Nothing moves yet. Again does nothing.
    function replaceStrategy(IStrategy next) external onlyOwner {
        if (address(next) == address(strategy)) return;
        require(address(retiring) == address(0), ReplacementUnderWay(retiring));
        require(next.VAULT() == address(this), NotOurs(next));
        emit StrategyReplaced(strategy, next);
        retiring = strategy;
        strategy = next;
    }

    /// @notice Takes up to `amount` from the strategy on its way out.
    function recall(uint256 amount) public onlyOwner {
        amount = Math.min(amount, _holdings(retiring));
        if (amount == 0) return;
        retiring.take(amount);
        emit Recalled(amount);
    }

    /// @notice Puts what lies idle into the strategy.
    function invest() external onlyOwner {
        uint256 idle = super.totalAssets();
        if (idle == 0) return;
        IERC20(asset()).forceApprove(address(strategy), idle);
        strategy.put(idle);
        emit Invested(idle);
    }

    /// @notice Takes the rest from the strategy on its way out and forgets it.
    function finish() external onlyOwner {
        if (address(retiring) == address(0)) return;
        recall(type(uint256).max);
        emit Finished(retiring);
        retiring = IStrategy(address(0));
    }

    /// @dev Idle assets pay first, then the strategy on its way out, then the present one.
    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        _free(retiring, assets);
        _free(strategy, assets);
        super._withdraw(caller, receiver, owner, assets, shares);
    }

    /// @dev Takes from `source` what is short of `assets`, or all that is there.
    function _free(IStrategy source, uint256 assets) private {
        uint256 idle = super.totalAssets();
        if (idle >= assets) return;
        uint256 amount = Math.min(assets - idle, _holdings(source));
        if (amount > 0) source.take(amount);
    }

    /// @dev Against first deposits that are rounded away.
    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    function _holdings(IStrategy source) private view returns (uint256) {
        return address(source) == address(0) ? 0 : source.holdings();
    }
}
