// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error PaymentFailed();

/// @notice Keeps ether for accounts.
abstract contract Bank {
    mapping(address account => uint256) public deposits;

    event Deposited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);

    /// @notice Takes the ether that is sent as a deposit of `account`.
    function depositFor(address account) external payable {
        deposits[account] += msg.value;
        _afterDeposit(account);
        emit Deposited(account, msg.value);
    }

    /// @notice Pays the caller out of the caller's deposit.
    function withdraw(uint256 amount) external {
        deposits[msg.sender] -= amount;
        _afterWithdraw(amount);
        (bool ok,) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed();
        emit Withdrawn(msg.sender, amount);
    }

    function _afterDeposit(address) internal virtual {}
    function _afterWithdraw(uint256) internal virtual {}
}

/// @notice The legacy bank.
contract BankV1 is Bank {
    BankV2 public immutable NEXT;

    event Moved(address indexed account, uint256 amount);

    constructor(BankV2 next) {
        NEXT = next;
    }

    /// @notice Pays the deposit of an account into the new bank, for the same account.
    function move(address account) external {
        uint256 amount = deposits[account];
        if (amount == 0) return;
        deposits[account] = 0;
        (bool ok,) = address(NEXT).call{value: amount}(abi.encodeCall(NEXT.depositFor, (account)));
        if (ok) emit Moved(account, amount);
    }
}

/// @notice The new bank, which also remembers when what was paid in.
contract BankV2 is Bank {
    struct Receipt {
        uint128 amount;
        uint128 time;
    }

    uint256 public totalDeposits;
    mapping(address account => Receipt[]) public receipts;

    function receiptsOf(address account) external view returns (uint256) {
        return receipts[account].length;
    }

    function _afterDeposit(address account) internal override {
        totalDeposits += msg.value;
        receipts[account].push(Receipt(uint128(msg.value), uint128(block.timestamp)));
    }

    function _afterWithdraw(uint256 amount) internal override {
        totalDeposits -= amount;
    }
}
