// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

error NotAllowed();
error NothingLocked();

/// @notice The legacy token: a holder locks what he has, the successor takes it later.
contract LockableToken is ERC20 {
    address private immutable OWNER = msg.sender;
    address public successor;
    mapping(address holder => uint256) public locked;

    constructor() ERC20("Legacy", "OLD") {}

    /// @notice Mints in the world before the migration.
    function mint(address to, uint256 amount) external {
        if (msg.sender != OWNER) revert NotAllowed();
        _mint(to, amount);
    }

    /// @notice Names the token that takes over what was locked.
    function setSuccessor(address token) external {
        if (msg.sender != OWNER) revert NotAllowed();
        successor = token;
    }

    /// @notice Locks the caller's balance for the successor.
    function lock() external {
        locked[msg.sender] = balanceOf(msg.sender);
    }

    /// @notice Burns what `holder` has locked and says how much that was.
    function takeLocked(address holder) external returns (uint256 amount) {
        if (msg.sender != successor) revert NotAllowed();
        amount = locked[holder];
        delete locked[holder];
        uint256 held = balanceOf(holder);
        _burn(holder, held < amount ? held : amount);
    }
}

/// @notice The successor: minted against what was locked.
contract ClaimedToken is ERC20 {
    LockableToken private immutable LEGACY;

    constructor(LockableToken legacy) ERC20("Successor", "NEW") {
        LEGACY = legacy;
    }

    /// @notice Claims what the caller has locked.
    function claim() external {
        uint256 amount = LEGACY.takeLocked(msg.sender);
        if (amount == 0) revert NothingLocked();
        _mint(msg.sender, amount);
    }
}
