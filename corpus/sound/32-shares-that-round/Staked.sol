// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Ether that earns: balances are shares of what is here, rounded down.
contract Staked {
    string public constant name = "Staked";
    uint8 public constant decimals = 18;
    /// @notice Who may deposit for others: the contract before this one.
    address public immutable BEFORE;
    /// @notice Where holders take what they have, or nothing.
    Staked public immutable AFTER;

    mapping(address => uint256) public sharesOf;
    uint256 public totalShares;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    error NotTheOneBefore();
    error Insufficient();

    constructor(address before, Staked next) {
        BEFORE = before;
        AFTER = next;
    }

    /// @notice What is earned.
    receive() external payable {}

    function deposit() external payable {
        if (BEFORE != address(0)) revert NotTheOneBefore();
        _enter(msg.sender);
    }

    /// @notice What comes from the contract before this one.
    function depositFor(address holder) external payable {
        if (msg.sender != BEFORE) revert NotTheOneBefore();
        _enter(holder);
    }

    function totalSupply() public view returns (uint256) {
        return address(this).balance;
    }

    function balanceOf(address holder) public view returns (uint256) {
        return totalShares == 0 ? 0 : Math.mulDiv(sharesOf[holder], totalSupply(), totalShares);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (amount > balanceOf(msg.sender)) revert Insufficient();
        uint256 shares = Math.mulDiv(amount, totalShares, totalSupply());
        sharesOf[msg.sender] -= shares;
        sharesOf[to] += shares;
        emit Transfer(msg.sender, to, amount);
        return true;
    }

    /// @notice Takes all of the caller's shares and deposits their ether for it. Again does nothing.
    function migrate() external {
        uint256 amount = balanceOf(msg.sender);
        if (amount == 0) return;
        totalShares -= sharesOf[msg.sender];
        delete sharesOf[msg.sender];
        emit Transfer(msg.sender, address(0), amount);
        AFTER.depositFor{value: amount}(msg.sender);
    }

    function _enter(address holder) private {
        uint256 before = totalSupply() - msg.value;
        uint256 shares = totalShares == 0 ? msg.value : Math.mulDiv(msg.value, totalShares, before);
        sharesOf[holder] += shares;
        totalShares += shares;
        emit Transfer(address(0), holder, msg.value);
    }
}
