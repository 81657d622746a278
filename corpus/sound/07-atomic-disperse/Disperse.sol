// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice A token whose whole supply is made once, where it is paid from.
contract Reward is ERC20, Ownable {
    address public immutable PAYER;
    uint256 public immutable SUPPLY;

    constructor(address owner, address payer, uint256 supply) ERC20("Reward", "RWD") Ownable(owner) {
        PAYER = payer;
        SUPPLY = supply;
    }

    /// @notice Funds the payer. Again does nothing.
    function fund() external onlyOwner {
        if (totalSupply() == 0) _mint(PAYER, SUPPLY);
    }
}

/// @notice Pays one list, all of it in one transaction or nothing. Anybody may send it.
contract Disperse {
    using SafeERC20 for IERC20;

    IERC20 public immutable TOKEN;
    bytes32 public immutable LIST;

    error OtherList();

    constructor(IERC20 token, bytes32 list) {
        TOKEN = token;
        LIST = list;
    }

    /// @notice Pays the list. A second run finds nothing to pay with, and fails as a whole.
    function pay(address[] calldata accounts, uint256[] calldata amounts) external {
        if (keccak256(abi.encode(accounts, amounts)) != LIST) revert OtherList();
        for (uint256 i = 0; i < accounts.length; i++) TOKEN.safeTransfer(accounts[i], amounts[i]);
    }
}
