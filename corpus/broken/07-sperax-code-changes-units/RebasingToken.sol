// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice The successor: people hold credits, which grow with the index; contracts hold plain amounts.
contract RebasingToken is ERC20 {
    using SafeERC20 for IERC20;

    uint256 private constant CREDITS_PER_TOKEN = 2;

    IERC20 private immutable LEGACY;
    uint256 private _supply;
    mapping(address account => uint256) private _held;

    error InsufficientBalance();

    constructor(IERC20 legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Keeps `amount` of the caller's legacy and mints the same.
    function migrate(uint256 amount) external {
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        _mint(msg.sender, amount);
    }

    /// @inheritdoc IERC20
    function balanceOf(address account) public view override returns (uint256) {
        return _held[account] / _unit(account);
    }

    /// @inheritdoc IERC20
    function totalSupply() public view override returns (uint256) {
        return _supply;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) {
            _supply += value;
        } else {
            if (balanceOf(from) < value) revert InsufficientBalance();
            _held[from] -= value * _unit(from);
        }
        _held[to] += value * _unit(to);
        emit Transfer(from, to, value);
    }

    /// @dev What a token is in the record of `account`.
    function _unit(address account) private view returns (uint256) {
        return account.code.length == 0 ? CREDITS_PER_TOKEN : 1;
    }
}
