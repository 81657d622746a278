// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Token} from "common/Token.sol";

error NotAllowed();

/// @notice The legacy shares, whole ones, with a register of all accounts. Anybody may open as many as he likes.
contract OldShares is ERC20 {
    address private immutable ISSUER = msg.sender;
    Migrator public migrator;
    bool public frozen;
    address[] public register;
    mapping(address holder => bool) private _registered;

    constructor() ERC20("Old shares", "OLD") {}

    /// @notice Issues shares in the world before the migration.
    function issue(address to, uint256 amount) external {
        if (msg.sender != ISSUER) revert NotAllowed();
        _mint(to, amount);
    }

    /// @notice Names what takes the shares over.
    function setMigrator(Migrator to) external {
        if (msg.sender != ISSUER) revert NotAllowed();
        migrator = to;
    }

    /// @notice Opens `count` empty accounts of the caller, each with an address of its own.
    function open(uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            register.push(address(bytes20(keccak256(abi.encode(msg.sender, register.length)))));
        }
    }

    /// @notice How many accounts there are.
    function accounts() external view returns (uint256) {
        return register.length;
    }

    /// @notice From now on only the migrator moves shares.
    function freeze() external {
        if (msg.sender != address(migrator)) revert NotAllowed();
        frozen = true;
    }

    /// @notice Burns the shares of `holder` and says how many there were.
    function take(address holder) external returns (uint256 amount) {
        if (msg.sender != address(migrator)) revert NotAllowed();
        amount = balanceOf(holder);
        _burn(holder, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (frozen && to != address(0)) revert NotAllowed();
        if (to != address(0) && !_registered[to]) {
            _registered[to] = true;
            register.push(to);
        }
        super._update(from, to, value);
    }
}

/// @notice Freezes the legacy, then moves the whole register in one transaction. Anybody may send both.
contract Migrator {
    OldShares private immutable OLD;
    Token public immutable SUCCESSOR = new Token("New shares", "NEW", address(this));
    address[] public register;
    mapping(address holder => uint256) public numberOf;

    constructor(OldShares old) {
        OLD = old;
    }

    /// @notice Freezes the legacy for good.
    function freeze() external {
        OLD.freeze();
    }

    /// @notice Moves every account, from the first to the last; there is no way to stop in between and go on.
    function migrateAll() external {
        if (!OLD.frozen()) revert NotAllowed();
        uint256 count = OLD.accounts();
        for (uint256 i = register.length; i < count; i++) {
            address holder = OLD.register(i);
            register.push(holder);
            numberOf[holder] = i + 1;
            SUCCESSOR.mint(holder, OLD.take(holder));
        }
    }
}
