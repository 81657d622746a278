// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Freezes the old and sends word to the new side, which accepts it within a week. What is not accepted is
/// returned, and sent again.
contract Mailbox {
    enum Letter {
        None,
        Sent,
        Returned,
        Accepted
    }

    error NotTheOperator();
    error NotThere(Letter letter);
    error TooEarly();
    error TooLate();

    Token public immutable legacy;
    Token public immutable successor;
    address public immutable operator;
    uint256 public constant WINDOW_SECS = 7 days;
    uint256 public deadline;
    Letter public letter;

    constructor(Token legacy_, Token successor_, address operator_) {
        legacy = legacy_;
        successor = successor_;
        operator = operator_;
    }

    modifier when(Letter expected) {
        require(letter == expected, NotThere(letter));
        _;
    }

    /// @notice Again does nothing.
    function send() external {
        require(msg.sender == operator, NotTheOperator());
        if (letter != Letter.None) return;
        letter = Letter.Sent;
        deadline = block.timestamp + WINDOW_SECS;
        legacy.pause();
    }

    /// @notice Anybody may, until the deadline.
    function accept(address[] calldata holders) external when(Letter.Sent) {
        require(block.timestamp <= deadline, TooLate());
        letter = Letter.Accepted;
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 amount = legacy.balanceOf(holders[i]);
            legacy.burn(holders[i], amount);
            successor.mint(holders[i], amount);
        }
    }

    /// @notice Anybody may, after the deadline.
    function giveBack() external when(Letter.Sent) {
        require(block.timestamp > deadline, TooEarly());
        letter = Letter.Returned;
    }

    /// @notice Anybody may. The deadline stays that of the first time.
    function sendAgain() external when(Letter.Returned) {
        letter = Letter.Sent;
    }
}
