// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Token} from "common/Token.sol";

/// @notice Takes the legacy balances over as they are: each is copied when it is first written.
/// @dev Assumes: it owns the legacy token, and so nobody unpauses what it paused.
contract Successor is ERC20 {
    Token public immutable LEGACY;
    bool public opened;
    mapping(address account => bool) public copied;

    error NotOpen();

    constructor(Token legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Stops the legacy token and starts this one, in one transaction. Anybody may; again does nothing.
    function open() external {
        if (opened) return;
        opened = true;
        LEGACY.pause();
    }

    /// @notice Copies balances that nobody has written yet.
    function copy(address[] calldata accounts) external {
        if (!opened) revert NotOpen();
        for (uint256 i = 0; i < accounts.length; i++) _copy(accounts[i]);
    }

    function balanceOf(address account) public view override returns (uint256) {
        if (!opened) return 0;
        return copied[account] ? super.balanceOf(account) : LEGACY.balanceOf(account);
    }

    function totalSupply() public view override returns (uint256) {
        return opened ? LEGACY.totalSupply() : 0;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (!opened) revert NotOpen();
        _copy(from);
        _copy(to);
        super._update(from, to, value);
    }

    /// @dev The legacy token is paused for ever: its balance is the same whenever it is read.
    function _copy(address account) private {
        if (copied[account] || account == address(0)) return;
        copied[account] = true;
        super._update(address(0), account, LEGACY.balanceOf(account));
    }
}
