// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Burns here, mints there, and in between holds a ticket that comes back when nobody delivers it.
/// @dev Assumes: it owns both tokens.
contract Bridge {
    Token public immutable LEGACY;
    Token public immutable SUCCESSOR;
    address public immutable OPERATOR;
    uint256 public constant WINDOW_SECS = 7 days;
    mapping(address holder => uint256) public pending;
    mapping(address holder => uint256) public deadline;
    mapping(address holder => bool) public delivered;

    error NotOperator();
    error NoTicket();
    error TooEarly();

    constructor(Token legacy, Token successor, address operator) {
        (LEGACY, SUCCESSOR, OPERATOR) = (legacy, successor, operator);
    }

    /// @notice Burns all of the caller's legacy for a ticket. A second ticket joins the first.
    function send() external {
        uint256 amount = LEGACY.balanceOf(msg.sender);
        if (amount == 0) return;
        LEGACY.burn(msg.sender, amount);
        pending[msg.sender] += amount;
        deadline[msg.sender] = block.timestamp + WINDOW_SECS;
    }

    /// @notice Turns a holder's ticket into the successor. Again does nothing; before there is a ticket it fails, so
    /// that a delivery that came too early is not taken for done.
    function deliver(address holder) external {
        if (msg.sender != OPERATOR) revert NotOperator();
        if (pending[holder] == 0 && delivered[holder]) return;
        delivered[holder] = true;
        SUCCESSOR.mint(holder, _close(holder));
    }

    /// @notice Turns a holder's ticket back into legacy, after the deadline. Anybody may.
    function refund(address holder) external {
        if (block.timestamp < deadline[holder]) revert TooEarly();
        LEGACY.mint(holder, _close(holder));
    }

    function _close(address holder) private returns (uint256 amount) {
        amount = pending[holder];
        if (amount == 0) revert NoTicket();
        pending[holder] = 0;
    }
}
