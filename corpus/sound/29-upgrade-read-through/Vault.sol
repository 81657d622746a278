// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";
import {IMPLEMENTATION, NotAllowed} from "./Proxy.sol";

/// @notice The storage of the vault, and its upgrades.
abstract contract VaultBase {
    address private immutable SELF = address(this);
    address public owner;
    uint64 public version;
    Token public token;
    mapping(address account => uint256) internal _balances;
    uint256 public totalSupply;

    event Upgraded(address indexed implementation);

    /// @dev An implementation itself is never initialized and has no owner.
    constructor() {
        version = type(uint64).max;
    }

    modifier onlyOwner() {
        if (msg.sender != owner || address(this) == SELF) revert NotAllowed();
        _;
    }

    function proxiableUUID() external view returns (bytes32) {
        if (address(this) != SELF) revert NotAllowed();
        return IMPLEMENTATION;
    }

    /// @notice Sets the implementation. Again does nothing.
    function upgradeTo(address implementation) external onlyOwner {
        if (VaultBase(implementation).proxiableUUID() != IMPLEMENTATION) revert NotAllowed();
        bytes32 slot = IMPLEMENTATION;
        assembly {
            sstore(slot, implementation)
        }
        emit Upgraded(implementation);
    }

    function _pull(uint256 amount) internal {
        totalSupply += amount;
        if (!token.transferFrom(msg.sender, address(this), amount)) revert NotAllowed();
    }

    function _push(uint256 amount) internal {
        totalSupply -= amount;
        if (!token.transfer(msg.sender, amount)) revert NotAllowed();
    }
}

contract VaultV1 is VaultBase {
    function initialize(address owner_, Token token_) external {
        if (version != 0) revert NotAllowed();
        version = 1;
        owner = owner_;
        token = token_;
    }

    function balanceOf(address account) external view returns (uint256) {
        return _balances[account];
    }

    function depositFor(address account, uint256 amount) external {
        _balances[account] += amount;
        _pull(amount);
    }

    function withdraw(uint256 amount) external {
        _balances[msg.sender] -= amount;
        _push(amount);
    }
}

/// @notice Keeps positions in storage of its own. Until an account has one, its old balance is what it has.
contract VaultV2 is VaultBase {
    struct Position {
        uint256 amount;
        bool moved;
    }

    struct Layout {
        uint256 cap;
        mapping(address account => Position) positions;
    }

    bytes32 private constant LAYOUT =
        keccak256(abi.encode(uint256(keccak256("unseen.vault.v2")) - 1)) & ~bytes32(uint256(0xff));

    /// @notice Opens deposits again, up to a cap. Withdrawals are always open.
    function initializeV2(uint256 cap) external onlyOwner {
        if (version != 1) revert NotAllowed();
        version = 2;
        _layout().cap = cap;
    }

    /// @notice Gives these accounts their positions. Again does nothing.
    function migrateBalances(address[] calldata accounts) external onlyOwner {
        for (uint256 i = 0; i < accounts.length; i++) {
            _position(accounts[i]);
        }
    }

    function balanceOf(address account) external view returns (uint256) {
        Position storage position = _layout().positions[account];
        return position.moved ? position.amount : _balances[account];
    }

    function depositFor(address account, uint256 amount) external {
        if (totalSupply + amount > _layout().cap) revert NotAllowed();
        _position(account).amount += amount;
        _pull(amount);
    }

    function withdraw(uint256 amount) external {
        _position(msg.sender).amount -= amount;
        _push(amount);
    }

    /// @dev The old balance is left where it is, and never read again once the position is there.
    function _position(address account) private returns (Position storage position) {
        position = _layout().positions[account];
        if (position.moved) return position;
        position.amount = _balances[account];
        position.moved = true;
    }

    function _layout() private pure returns (Layout storage layout) {
        bytes32 slot = LAYOUT;
        assembly { layout.slot := slot }
    }
}
