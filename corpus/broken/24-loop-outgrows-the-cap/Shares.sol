// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

error NotAllowed();

/// @notice Whole shares with a register of everybody who has or had an account.
abstract contract Shares is ERC20 {
    address internal immutable ISSUER = msg.sender;
    address[] public register;
    mapping(address holder => bool) private _registered;

    constructor(string memory symbol) ERC20(symbol, symbol) {}

    function decimals() public pure override returns (uint8) {
        return 0;
    }

    function _update(address from, address to, uint256 value) internal virtual override {
        _enter(to);
        super._update(from, to, value);
    }

    function _enter(address holder) internal {
        if (holder == address(0) || _registered[holder]) return;
        _registered[holder] = true;
        register.push(holder);
    }
}

/// @notice The legacy shares. Anybody may open accounts, as many as he likes.
contract OldShares is Shares("OLD") {
    Migrator public migrator;
    bool public frozen;

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

    /// @notice Opens `count` empty accounts, at addresses that shares of the caller can be sent to.
    function open(uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            register.push(address(bytes20(keccak256(abi.encode(msg.sender, register.length)))));
        }
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

    /// @notice How many accounts there are.
    function accounts() external view returns (uint256) {
        return register.length;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (frozen && to != address(0)) revert NotAllowed();
        super._update(from, to, value);
    }
}

/// @notice The new shares, with a register of their own.
contract NewShares is Shares("NEW") {
    /// @notice Opens the account of `holder` and gives it `amount` shares.
    function give(address holder, uint256 amount) external {
        if (msg.sender != ISSUER) revert NotAllowed();
        _mint(holder, amount);
    }
}

/// @notice Freezes the legacy, then moves the whole register in one transaction. Anybody may send both.
contract Migrator {
    OldShares private immutable OLD;
    NewShares private immutable NEW = new NewShares();

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
        for (uint256 i = 0; i < count; i++) {
            address holder = OLD.register(i);
            NEW.give(holder, OLD.take(holder));
        }
    }
}
