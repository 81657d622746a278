// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IMigration} from "../interfaces/IMigration.sol";

/// @title A successor token: inert until the decision, a plain ERC-20 after it
/// @notice No mint, no burn, no owner. An account's balance is pinned on its first touch after the
/// decision, with a Transfer event from the zero address for indexers; `materialize` does it for anyone.
/// A ledger that the migration's rules do not name, though it names the migration, never goes live.
/// @dev A balance word has LIVE set when its account has been touched, which can happen only after
/// COMMITTED. A transfer between touched accounts therefore looks at nothing but its two words.
abstract contract SuccessorERC20 is ERC20, ERC20Permit, ILedger {
    /// @dev Bit 255 of a balance word, and of the latch: touched after the decision.
    uint256 internal constant LIVE = 1 << 255;
    /// @dev Where a generation begins, in a staged word and in the latch. Amounts are below 2^208, so
    /// that sums of live balances never reach bit 255.
    uint256 internal constant GENERATION_SHIFT = 208;
    uint256 internal constant AMOUNT_MASK = (1 << 208) - 1;

    /// @dev A balance word, in a struct so that its slot is computed once for a read and a write. Live:
    /// LIVE | balance. Before: what the strategy staged, see {_entitlement}.
    struct Word {
        uint256 bits;
    }

    mapping(address account => Word) internal _words;
    /// @dev What was decided, copied here by the first touch: LIVE | generation << 208 | supply.
    uint256 internal _latch;

    IMigration internal immutable MIGRATION;
    /// @inheritdoc ILedger
    address public immutable legacy;
    /// @inheritdoc ILedger
    uint256 public immutable laneIndex;
    uint8 internal immutable DECIMALS;

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        IMigration migration_,
        address legacy_,
        uint256 laneIndex_
    ) ERC20(name_, symbol_) ERC20Permit(name_) {
        DECIMALS = decimals_;
        MIGRATION = migration_;
        legacy = legacy_;
        laneIndex = laneIndex_;
    }

    /// @inheritdoc ILedger
    function migration() external view returns (address) {
        return address(MIGRATION);
    }

    /// @inheritdoc ILedger
    function materialize(address[] calldata accounts) external {
        for (uint256 i = 0; i < accounts.length; ++i) {
            Word storage word = _words[accounts[i]];
            if (word.bits & LIVE == 0) _touch(accounts[i], word);
        }
    }

    /// @inheritdoc ILedger
    function materialized(address account) external view returns (bool) {
        return _words[account].bits & LIVE != 0;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    /// @notice The legacy supply recorded at the freeze; zero before the decision.
    function totalSupply() public view override returns (uint256) {
        return _decided() & AMOUNT_MASK;
    }

    /// @notice Zero before the decision.
    function balanceOf(address account) public view override returns (uint256) {
        uint256 word = _words[account].bits;
        if (word & LIVE != 0) return word ^ LIVE;
        uint256 decided = _decided();
        return decided == 0 ? 0 : _entitlement(account, word, decided);
    }

    /// @dev What an account that has not been touched is entitled to. `word` is its balance word,
    /// `decided` the latch.
    function _entitlement(address account, uint256 word, uint256 decided) internal view virtual returns (uint256);

    /// @dev Both words first become live; then OpenZeppelin's arithmetic on words of our own. There is
    /// no mint and no burn, so neither side is ever the zero address here.
    function _update(address from, address to, uint256 value) internal override {
        Word storage word = _words[from];
        uint256 bits = word.bits;
        if (bits & LIVE == 0) bits = _touch(from, word);
        if (bits ^ LIVE < value) revert ERC20InsufficientBalance(from, bits ^ LIVE, value);
        unchecked {
            // No underflow: value is at most the balance. No overflow into LIVE: see {GENERATION_SHIFT}.
            word.bits = bits - value;
            word = _words[to];
            bits = word.bits;
            if (bits & LIVE == 0) bits = _touch(to, word);
            word.bits = bits + value;
        }
        emit Transfer(from, to, value);
    }

    /// @dev approve and permit.
    function _approve(address owner, address spender, uint256 value, bool emitEvent) internal override {
        if (emitEvent) _requireLive(owner);
        super._approve(owner, spender, value, emitEvent);
    }

    /// @dev OpenZeppelin's, but that what is refused before the decision says so. Without allowances
    /// there is nothing to spend then, so that the usual path needs no check of its own.
    function _spendAllowance(address owner, address spender, uint256 value) internal override {
        uint256 current = allowance(owner, spender);
        if (current < value) {
            _requireLive(owner);
            revert ERC20InsufficientAllowance(spender, current, value);
        }
        if (current != type(uint256).max) {
            unchecked {
                _approve(owner, spender, current - value, false);
            }
        }
    }

    /// @dev The first touch of an account: pins its balance. Returns the live word.
    function _touch(address account, Word storage word) internal returns (uint256 bits) {
        uint256 decided = _decided();
        if (decided == 0) revert NotLive();
        if (_latch == 0) _latch = decided;
        uint256 amount = _entitlement(account, word.bits, decided);
        if (amount > AMOUNT_MASK) revert AmountTooLarge(account, amount);
        bits = LIVE | amount;
        word.bits = bits;
        if (amount > 0) emit Transfer(address(0), account, amount);
    }

    function _requireLive(address account) internal view {
        // Flags, not amounts that somebody could send here: the equality is exact by intent.
        // slither-disable-next-line incorrect-equality
        if (_words[account].bits & LIVE == 0 && _decided() == 0) revert NotLive();
    }

    /// @dev The latch, or what it will be; zero before COMMITTED, and for ever in a ledger that the rules
    /// do not name. Final once it is not zero, because no path leaves COMMITTED.
    function _decided() internal view returns (uint256 decided) {
        decided = _latch;
        if (decided == 0) {
            (bool live, uint32 generation, uint256 supply) = MIGRATION.decided(laneIndex, address(this));
            if (live) decided = LIVE | (uint256(generation) << GENERATION_SHIFT) | supply;
        }
    }
}
