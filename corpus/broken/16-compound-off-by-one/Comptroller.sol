// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();

/// @notice Ether in a market earns rewards by an index; the rewards move from an old token to a new one.
contract Comptroller {
    /// @notice Where the index of a market starts. An account that came before there was an index has none: zero.
    uint256 public constant INITIAL_INDEX = 1e36;

    Token private immutable OLD;
    Token private immutable REWARD;
    address private immutable OWNER = msg.sender;
    uint256 public index;
    mapping(address account => uint256) public suppliedOf;
    mapping(address account => uint256) public indexOf;

    constructor(Token old, Token reward) {
        OLD = old;
        REWARD = reward;
    }

    /// @notice Puts ether of the caller into the market.
    function supply() external payable {
        claim();
        suppliedOf[msg.sender] += msg.value;
    }

    /// @notice Begins the rewards of the new version. A market without a speed stays at this index.
    function begin() external {
        if (msg.sender != OWNER || index > INITIAL_INDEX) revert NotAllowed();
        index = INITIAL_INDEX;
    }

    /// @notice Adds `perUnit` rewards for each unit that is supplied.
    function distribute(uint256 perUnit) external {
        if (msg.sender != OWNER || index == 0) revert NotAllowed();
        index += perUnit;
    }

    /// @notice Pays the caller what the index has grown by since it was last paid.
    function claim() public {
        uint256 since = indexOf[msg.sender];
        // One too few: at the initial index itself an account without an index keeps zero.
        if (since == 0 && index > INITIAL_INDEX) since = INITIAL_INDEX;
        indexOf[msg.sender] = index;
        REWARD.mint(msg.sender, suppliedOf[msg.sender] * (index - since) / INITIAL_INDEX);
    }

    /// @notice Burns the caller's old rewards and mints as many new ones.
    function swap() external {
        uint256 amount = OLD.balanceOf(msg.sender);
        OLD.burn(msg.sender, amount);
        REWARD.mint(msg.sender, amount);
    }
}
