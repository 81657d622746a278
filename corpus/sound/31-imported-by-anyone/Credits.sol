// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error NotAllowed();
error NotPaid();
error Closed();
error NotClosed();

/// @notice Credits that are paid for in ether, spent with providers, and refunded in ether.
abstract contract Credits {
    mapping(address account => uint256) public credits;

    event Bought(address indexed account, uint256 amount);
    event Spent(address indexed account, address indexed provider, uint256 amount);
    event Refunded(address indexed account, uint256 amount);

    /// @notice Buys credits for `account`.
    function buy(address account) external payable {
        _mustBeOpen();
        credits[account] += msg.value;
        emit Bought(account, msg.value);
    }

    /// @notice Pays a provider with the caller's credits.
    function spend(address provider, uint256 amount) external {
        _mustBeOpen();
        credits[msg.sender] -= amount;
        credits[provider] += amount;
        emit Spent(msg.sender, provider, amount);
    }

    /// @notice Gives the ether for the caller's credits back.
    function refund(uint256 amount) external {
        _mustBeOpen();
        credits[msg.sender] -= amount;
        emit Refunded(msg.sender, amount);
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert NotPaid();
    }

    function _mustBeOpen() internal view virtual {}
}

/// @notice The legacy credits.
contract CreditsV1 is Credits {
    address private immutable OWNER = msg.sender;
    CreditsV2 private immutable NEXT;
    bool public closed;

    constructor(CreditsV2 next) {
        NEXT = next;
    }

    /// @notice Closes this contract and sends its ether to the new one, for the credits that follow. Again does nothing.
    function moveEther() external {
        if (msg.sender != OWNER) revert NotAllowed();
        if (closed) return;
        closed = true;
        NEXT.fund{value: address(this).balance}();
    }

    /// @notice Ends the credits of `account`, which the new contract takes over.
    function release(address account) external returns (uint256 amount) {
        if (msg.sender != address(NEXT)) revert NotAllowed();
        if (!closed) revert NotClosed();
        amount = credits[account];
        credits[account] = 0;
    }

    function _mustBeOpen() internal view override {
        if (closed) revert Closed();
    }
}

/// @notice The new credits.
contract CreditsV2 is Credits {
    CreditsV1 private immutable LEGACY;

    event Imported(address indexed account, uint256 amount);

    constructor(CreditsV1 legacy) {
        LEGACY = legacy;
    }

    /// @notice Takes the ether of the legacy.
    function fund() external payable {
        if (msg.sender != address(LEGACY)) revert NotAllowed();
    }

    /// @notice Takes credits of the legacy over, when its ether has come. Anybody may call it. Again does nothing.
    function importCredits(address[] calldata accounts) external {
        for (uint256 i = 0; i < accounts.length; i++) {
            uint256 amount = LEGACY.release(accounts[i]);
            credits[accounts[i]] += amount;
            emit Imported(accounts[i], amount);
        }
    }
}
