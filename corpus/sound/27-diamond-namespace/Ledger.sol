// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";
import {NotAllowed, diamondStorage} from "./Diamond.sol";

/// @notice Where the first ledger has its records: the first slots of the diamond.
abstract contract LedgerBase {
    Token internal immutable TOKEN;
    mapping(address account => uint256) internal _oldBalances;
    uint256 internal _oldTotal;

    constructor(Token token) {
        TOKEN = token;
    }
}

contract LedgerV1 is LedgerBase {
    constructor(Token token) LedgerBase(token) {}

    function balanceOf(address account) external view returns (uint256) {
        return _oldBalances[account];
    }

    function totalSupply() external view returns (uint256) {
        return _oldTotal;
    }

    function depositFor(address account, uint256 amount) external {
        _oldBalances[account] += amount;
        _oldTotal += amount;
        if (!TOKEN.transferFrom(msg.sender, address(this), amount)) revert NotAllowed();
    }

    function withdraw(uint256 amount) external {
        _oldBalances[msg.sender] -= amount;
        _oldTotal -= amount;
        if (!TOKEN.transfer(msg.sender, amount)) revert NotAllowed();
    }
}

/// @notice The second ledger, in storage of its own. What is still in the old records counts until it is moved.
contract LedgerV2 is LedgerBase {
    struct Layout {
        mapping(address account => uint256) balances;
        uint256 total;
    }

    constructor(Token token) LedgerBase(token) {}

    function balanceOf(address account) external view returns (uint256) {
        return _oldBalances[account] + _layout().balances[account];
    }

    function totalSupply() external view returns (uint256) {
        return _oldTotal + _layout().total;
    }

    function depositFor(address account, uint256 amount) external {
        _layout().balances[account] += amount;
        _layout().total += amount;
        if (!TOKEN.transferFrom(msg.sender, address(this), amount)) revert NotAllowed();
    }

    function withdraw(uint256 amount) external {
        _sync(msg.sender);
        _layout().balances[msg.sender] -= amount;
        _layout().total -= amount;
        if (!TOKEN.transfer(msg.sender, amount)) revert NotAllowed();
    }

    /// @notice Moves the old records of these accounts. Again does nothing.
    function migrate(address[] calldata accounts) external {
        if (msg.sender != diamondStorage().owner) revert NotAllowed();
        for (uint256 i = 0; i < accounts.length; i++) {
            _sync(accounts[i]);
        }
    }

    function _sync(address account) private {
        uint256 old = _oldBalances[account];
        if (old == 0) return;
        _oldBalances[account] = 0;
        _oldTotal -= old;
        _layout().balances[account] += old;
        _layout().total += old;
    }

    function _layout() private pure returns (Layout storage layout) {
        bytes32 slot = keccak256("unseen.ledger.v2");
        assembly { layout.slot := slot }
    }
}
