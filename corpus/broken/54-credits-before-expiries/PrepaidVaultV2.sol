// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Prepaid, PrepaidVault} from "./PrepaidVault.sol";

/// @notice The second vault: credit can be given away. Nothing in its migration needs a key.
contract PrepaidVaultV2 is Prepaid {
    PrepaidVault public immutable LEGACY;

    event CreditImported(address indexed subscriber, uint256 amount);
    event ExpiryImported(address indexed subscriber, uint256 expiry);
    event Given(address indexed from, address indexed to, uint256 amount);

    error NotTheSuccessor();

    constructor(PrepaidVault legacy) Prepaid(legacy.CURRENCY(), legacy.MERCHANT()) {
        LEGACY = legacy;
    }

    modifier whenSuccessor() {
        if (LEGACY.successor() != address(this)) revert NotTheSuccessor();
        _;
    }

    function topUp(uint256 amount, uint256 numberOfDays) external {
        _topUp(amount, numberOfDays);
    }

    /// @notice Gives credit to another subscriber, whose own expiry it then has.
    function give(address to, uint256 amount) external {
        if (expired(msg.sender)) revert Expired(msg.sender);
        if (expired(to)) revert Expired(to);
        uint256 has = creditOf[msg.sender];
        if (amount > has) revert NotEnoughCredit(msg.sender, has, amount);
        creditOf[msg.sender] = has - amount;
        creditOf[to] += amount;
        emit Given(msg.sender, to, amount);
    }

    /// @notice Takes credit over, with its money. The second time there is none left to take.
    function importCredits(address[] calldata subscribers) external whenSuccessor {
        for (uint256 i = 0; i < subscribers.length; i++) {
            uint256 amount = LEGACY.release(subscribers[i]);
            if (amount == 0) continue;
            creditOf[subscribers[i]] += amount;
            emit CreditImported(subscribers[i], amount);
        }
    }

    /// @notice Takes expiries over. A later one that a top-up has made here is kept.
    function importExpiries(address[] calldata subscribers) external whenSuccessor {
        for (uint256 i = 0; i < subscribers.length; i++) {
            uint256 expiry = LEGACY.expiryOf(subscribers[i]);
            if (expiry <= expiryOf[subscribers[i]]) continue;
            expiryOf[subscribers[i]] = expiry;
            emit ExpiryImported(subscribers[i], expiry);
        }
    }
}
