// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();
error TransferFailed();

/// @notice Names, each with an owner, an expiry and a bond that the owner gets back.
abstract contract Registry {
    struct Record {
        address owner;
        uint128 bond;
        uint64 expiry;
    }

    uint128 public constant MIN_BOND = 1e18;
    Token public immutable TOKEN;
    address public immutable ADMIN;
    mapping(bytes32 name => Record) public records;
    uint256 public count;

    event Registered(bytes32 indexed name, address indexed owner, uint128 bond, uint64 expiry);
    event Transferred(bytes32 indexed name, address indexed owner);
    event Released(bytes32 indexed name, address indexed owner, uint128 bond);

    constructor(Token token, address admin) {
        TOKEN = token;
        ADMIN = admin;
    }

    modifier onlyAdmin() {
        if (msg.sender != ADMIN) revert NotAllowed();
        _;
    }

    /// @notice Registers a name that is free or has expired; then its former owner gets his bond back.
    function register(bytes32 name, uint128 bond, uint64 time) external {
        _checkRegister();
        Record memory former = records[name];
        if (bond < MIN_BOND || former.expiry > block.timestamp) revert NotAllowed();
        if (former.owner == address(0)) count++;
        uint64 expiry = uint64(block.timestamp) + time;
        records[name] = Record(msg.sender, bond, expiry);
        emit Registered(name, msg.sender, bond, expiry);
        if (!TOKEN.transferFrom(msg.sender, address(this), bond)) revert TransferFailed();
        if (former.bond != 0) _send(former.owner, former.bond);
    }

    function renew(bytes32 name, uint64 time) external {
        Record storage record = _own(name);
        record.expiry += time;
        emit Registered(name, record.owner, record.bond, record.expiry);
    }

    function transferName(bytes32 name, address to) external {
        if (to == address(0)) revert NotAllowed();
        _own(name).owner = to;
        emit Transferred(name, to);
    }

    /// @notice Gives a name up, for the bond.
    function release(bytes32 name) external {
        uint128 bond = _own(name).bond;
        _remove(name);
        emit Released(name, msg.sender, bond);
        _send(msg.sender, bond);
    }

    function _checkRegister() internal view virtual;
    function _checkUse() internal view virtual;

    function _own(bytes32 name) private view returns (Record storage record) {
        _checkUse();
        record = records[name];
        if (record.owner != msg.sender) revert NotAllowed();
    }

    function _remove(bytes32 name) internal {
        delete records[name];
        count--;
    }

    function _send(address to, uint256 amount) internal {
        if (!TOKEN.transfer(to, amount)) revert TransferFailed();
    }
}

/// @notice The legacy registry. Once frozen, its names only move on.
contract RegistryV1 is Registry {
    RegistryV2 public immutable NEXT;
    bool public frozen;

    constructor(Token token, address admin, RegistryV2 next) Registry(token, admin) {
        NEXT = next;
    }

    function freeze() external onlyAdmin {
        frozen = true;
    }

    /// @notice Moves names with their bonds. Those that are not here are passed over.
    function move(bytes32[] calldata names) external {
        if (!frozen) revert NotAllowed();
        for (uint256 i = 0; i < names.length; i++) {
            Record memory record = records[names[i]];
            if (record.owner == address(0)) continue;
            _remove(names[i]);
            NEXT.receiveName(names[i], record);
            _send(address(NEXT), record.bond);
        }
    }

    function _checkRegister() internal view override {
        if (frozen) revert NotAllowed();
    }

    function _checkUse() internal view override {
        if (frozen) revert NotAllowed();
    }
}

/// @notice The new registry. Legacy names come in until it is opened, new ones from then on: they never meet.
contract RegistryV2 is Registry {
    RegistryV1 public immutable LEGACY;
    bool public opened;

    constructor(Token token, address admin, RegistryV1 legacy) Registry(token, admin) {
        LEGACY = legacy;
    }

    function receiveName(bytes32 name, Record calldata record) external {
        if (msg.sender != address(LEGACY) || opened) revert NotAllowed();
        records[name] = record;
        count++;
        emit Registered(name, record.owner, record.bond, record.expiry);
    }

    function open() external onlyAdmin {
        opened = true;
    }

    function _checkRegister() internal view override {
        if (!opened) revert NotAllowed();
    }

    function _checkUse() internal view override {}
}
