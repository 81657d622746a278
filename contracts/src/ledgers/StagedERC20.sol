// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IMigration} from "../interfaces/IMigration.sol";
import {SuccessorERC20} from "./SuccessorERC20.sol";

/// @title A successor whose balance words are written before the decision
/// @notice A staged word is `generation << 208 | amount`. It counts only when its generation is the one
/// that was sealed, so that what an earlier attempt staged needs no clearing.
contract StagedERC20 is SuccessorERC20 {
    /// @inheritdoc ILedger
    IMigration.Source public immutable source;

    /// @notice Nothing is staged in a READ_THROUGH lane.
    error BadSource();
    /// @notice Legacy does not say what an account has.
    error NoBalance(address account);

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        IMigration migration_,
        address legacy_,
        uint256 laneIndex_,
        IMigration.Source source_
    ) SuccessorERC20(name_, symbol_, decimals_, migration_, legacy_, laneIndex_) {
        if (source_ == IMigration.Source.READ_THROUGH) revert BadSource();
        source = source_;
    }

    /// @inheritdoc ILedger
    function stage(uint32 generation, uint256 floor, bytes calldata data)
        external
        returns (uint64 count, uint256 sum, uint256 nextFloor)
    {
        if (msg.sender != address(MIGRATION)) revert NotMigration(msg.sender);
        IMigration.Source source_ = source;
        uint256 size = source_ == IMigration.Source.CHAIN_READ ? 20 : source_ == IMigration.Source.DECLARED ? 32 : 64;
        if (data.length == 0 || data.length % size != 0) revert BadData(data.length);
        // forge-lint: disable-next-line(unsafe-typecast)
        count = uint64(data.length / size);
        uint256 tag = uint256(generation) << GENERATION_SHIFT;
        if (source_ == IMigration.Source.CHAIN_READ) (sum, nextFloor) = _stageRead(tag, floor, data);
        else if (source_ == IMigration.Source.DECLARED) (sum, nextFloor) = _stagePacked(tag, floor, data);
        else (sum, nextFloor) = _stageWide(tag, floor, data);
    }

    /// @dev `address20 | uint96` entries. Assembly because this loop is the cost of a migration; the gas
    /// it saves against the same loop in Solidity is in gas.md.
    function _stagePacked(uint256 tag, uint256 floor, bytes calldata data)
        internal
        returns (uint256 sum, uint256 nextFloor)
    {
        bool refused = false;
        uint256 last = 0;
        assembly ("memory-safe") {
            mstore(0x20, _words.slot)
            let end := add(data.offset, data.length)
            for { let at := data.offset } lt(at, end) { at := add(at, 32) } {
                let entry := calldataload(at)
                let account := shr(96, entry)
                let amount := and(entry, 0xffffffffffffffffffffffff)
                if or(lt(account, floor), iszero(amount)) {
                    refused := 1
                    last := account
                    break
                }
                floor := add(account, 1)
                sum := add(sum, amount)
                mstore(0, account)
                sstore(keccak256(0, 0x40), or(tag, amount))
            }
        }
        if (refused) _refuse(last, floor);
        nextFloor = floor;
    }

    /// @dev 64-byte entries: an account and an amount below 2^208, a word each.
    function _stageWide(uint256 tag, uint256 floor, bytes calldata data)
        internal
        returns (uint256 sum, uint256 nextFloor)
    {
        for (uint256 pos = 0; pos < data.length; pos += 64) {
            uint256 account = uint256(bytes32(data[pos:pos + 32]));
            uint256 amount = uint256(bytes32(data[pos + 32:pos + 64]));
            if (account > type(uint160).max) revert BadData(data.length);
            if (account < floor || amount == 0) _refuse(account, floor);
            // forge-lint: disable-next-line(unsafe-typecast)
            address holder = address(uint160(account)); // checked above
            if (amount > AMOUNT_MASK) revert AmountTooLarge(holder, amount);
            floor = account + 1;
            sum += amount;
            _words[holder].bits = tag | amount;
        }
        nextFloor = floor;
    }

    /// @dev Packed 20-byte accounts; the amount is what frozen legacy says. Assembly for the same reason:
    /// measured, the same loop in Solidity costs 743 gas a holder more (26,237 to 25,494).
    function _stageRead(uint256 tag, uint256 floor, bytes calldata data)
        internal
        returns (uint256 sum, uint256 nextFloor)
    {
        address token = legacy;
        bytes4 selector = IERC20.balanceOf.selector;
        uint256 last = 0;
        uint256 amount = 1;
        bool answered = true;
        assembly ("memory-safe") {
            let question := mload(0x40)
            mstore(question, selector)
            mstore(0x20, _words.slot)
            let end := add(data.offset, data.length)
            for { let pos := data.offset } lt(pos, end) { pos := add(pos, 20) } {
                last := shr(96, calldataload(pos))
                mstore(add(question, 4), last)
                answered := staticcall(gas(), token, question, 36, 0, 32)
                answered := and(answered, gt(returndatasize(), 31))
                amount := mload(0)
                if or(lt(last, floor), or(iszero(answered), gt(sub(amount, 1), sub(AMOUNT_MASK, 1)))) { break }
                floor := add(last, 1)
                sum := add(sum, amount)
                mstore(0, last)
                sstore(keccak256(0, 0x40), or(tag, amount))
                last := not(0)
            }
        }
        if (last != type(uint256).max) _refuseRead(last, floor, answered, amount);
        nextFloor = floor;
    }

    function _refuseRead(uint256 account, uint256 floor, bool answered, uint256 amount) internal pure {
        // forge-lint: disable-next-line(unsafe-typecast)
        address holder = address(uint160(account));
        if (account >= floor && !answered) revert NoBalance(holder);
        if (account >= floor && amount > AMOUNT_MASK) revert AmountTooLarge(holder, amount);
        _refuse(account, floor);
    }

    function _entitlement(address, uint256 word, uint256 decided) internal pure override returns (uint256) {
        return word >> GENERATION_SHIFT == (decided ^ LIVE) >> GENERATION_SHIFT ? word & AMOUNT_MASK : 0;
    }

    /// @dev The one place that says why an entry is refused.
    function _refuse(uint256 account, uint256 floor) internal pure {
        // forge-lint: disable-next-line(unsafe-typecast)
        address holder = address(uint160(account));
        if (account < floor) revert NotAscending(holder);
        revert EmptyEntry(holder);
    }
}
