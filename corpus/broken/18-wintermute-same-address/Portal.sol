// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Token} from "common/Token.sol";

error NotAllowed();

/// @notice A wallet that is a contract.
contract Wallet {
    using SafeERC20 for IERC20;

    address public immutable OWNER;

    /// @notice The wallet is `owner`'s for good.
    constructor(address owner) {
        OWNER = owner;
    }

    /// @notice Sends what the wallet has of `token` to its owner.
    function flush(IERC20 token) external {
        token.safeTransfer(OWNER, token.balanceOf(address(this)));
    }
}

/// @notice Makes wallets for anybody. Where one stands depends on how many were made before, and not on whose it is;
/// on the chain that the migration leaves the first was made by its holder, on this one nobody has made it yet.
contract WalletFactory {
    /// @notice Makes the next wallet, which is the caller's, and pays out what was sent there ahead of it.
    function create(IERC20 token) external returns (Wallet wallet) {
        wallet = new Wallet(msg.sender);
        wallet.flush(token);
    }
}

/// @notice What was locked on the chain that the migration leaves, and is released here to the same addresses.
contract Portal {
    Token private immutable SUCCESSOR;
    address private immutable OWNER = msg.sender;
    mapping(address account => uint256) public lockedOf;

    constructor(Token successor) {
        SUCCESSOR = successor;
    }

    /// @notice Writes down in the world before the migration what `account` has locked.
    function record(address account, uint256 amount) external {
        if (msg.sender != OWNER) revert NotAllowed();
        lockedOf[account] = amount;
    }

    /// @notice Mints to `account` what it has locked. Anybody may send it; again does nothing.
    function release(address account) external {
        uint256 amount = lockedOf[account];
        delete lockedOf[account];
        SUCCESSOR.mint(account, amount);
    }
}
