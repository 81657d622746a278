// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "src/interfaces/ILedger.sol";

/// @notice The staging loop of StagedERC20 for packed entries, as Solidity without assembly has it.
contract SolidityLoop {
    mapping(address account => uint256 word) internal _words;

    function stage(uint32 generation, uint256 floor, bytes calldata data)
        external
        returns (uint64 count, uint256 sum, uint256 nextFloor)
    {
        uint256 tag = uint256(generation) << 208;
        unchecked {
            for (uint256 pos = 0; pos < data.length; pos += 32) {
                uint256 word = uint256(bytes32(data[pos:pos + 32]));
                uint256 account = word >> 96;
                uint256 amount = uint96(word);
                if (account < floor) revert ILedger.NotAscending(address(uint160(account)));
                if (amount == 0) revert ILedger.EmptyEntry(address(uint160(account)));
                floor = account + 1;
                sum += amount;
                ++count;
                _words[address(uint160(account))] = tag | amount;
            }
        }
        nextFloor = floor;
    }
}
