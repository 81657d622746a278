// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

/// @notice Freezes legacy, copies it, and releases the copy; when that does not happen in a week, anybody
/// brings legacy back.
/// @dev Assumes: it owns both tokens, and the successor is paused.
contract Migration {
    enum Phase {
        Open,
        Frozen,
        Finished,
        Released
    }

    Token public immutable LEGACY;
    Token public immutable SUCCESSOR;
    address public immutable OPERATOR;
    uint256 public constant WINDOW_SECS = 7 days;
    Phase public phase;
    uint256 public deadline;
    uint256 public copiedTotal;
    mapping(address holder => bool) public isCopied;

    error NotOperator();
    error TooEarly();
    error Incomplete();
    error WrongPhase(Phase phase);

    modifier when(Phase expected) {
        if (phase != expected) revert WrongPhase(phase);
        _;
    }

    constructor(Token legacy, Token successor, address operator) {
        (LEGACY, SUCCESSOR, OPERATOR) = (legacy, successor, operator);
    }

    /// @notice Stops legacy. Again does nothing: the deadline cannot be moved. There is no second try after a release.
    function freeze() external {
        if (msg.sender != OPERATOR) revert NotOperator();
        if (phase == Phase.Frozen) return;
        if (phase != Phase.Open) revert WrongPhase(phase);
        phase = Phase.Frozen;
        deadline = block.timestamp + WINDOW_SECS;
        LEGACY.pause();
    }

    /// @notice Copies holders, each once. Anybody may.
    function copy(address[] calldata holders) external when(Phase.Frozen) {
        for (uint256 i = 0; i < holders.length; i++) {
            if (holders[i] == address(0) || isCopied[holders[i]]) continue;
            isCopied[holders[i]] = true;
            uint256 amount = LEGACY.balanceOf(holders[i]);
            copiedTotal += amount;
            SUCCESSOR.mint(holders[i], amount);
        }
    }

    /// @notice Starts the successor when every unit is copied. Legacy stays paused for ever. Anybody may.
    function finish() external when(Phase.Frozen) {
        if (copiedTotal != LEGACY.totalSupply()) revert Incomplete();
        phase = Phase.Finished;
        SUCCESSOR.unpause();
    }

    /// @notice After the deadline: legacy is back and the copy stays paused for ever. Anybody may.
    function release() external when(Phase.Frozen) {
        if (block.timestamp < deadline) revert TooEarly();
        phase = Phase.Released;
        LEGACY.unpause();
    }
}
