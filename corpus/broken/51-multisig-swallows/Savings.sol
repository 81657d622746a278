// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";
import {NotAllowed} from "./Multisig.sol";

error Retired();
error NothingToMove(address account);

abstract contract SavingsBase {
    Token internal immutable TOKEN;
    address internal immutable ADMIN;
    bool public depositsOpen = true;
    bool public retired;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;

    constructor(Token token, address admin) {
        TOKEN = token;
        ADMIN = admin;
    }

    modifier onlyAdmin() {
        if (msg.sender != ADMIN) revert NotAllowed();
        _;
    }

    function depositFor(address account, uint256 amount) external {
        if (!depositsOpen) revert NotAllowed();
        balanceOf[account] += amount;
        totalSupply += amount;
        if (!TOKEN.transferFrom(msg.sender, address(this), amount)) revert NotAllowed();
    }

    function withdraw(uint256 amount) external {
        if (retired) revert Retired();
        balanceOf[msg.sender] -= amount;
        totalSupply -= amount;
        if (!TOKEN.transfer(msg.sender, amount)) revert NotAllowed();
    }
}

/// @notice The legacy savings. Nobody can deposit any more.
contract Savings is SavingsBase {
    address private immutable KEEPER = msg.sender;
    SavingsNext private immutable NEXT;

    constructor(Token token, address admin, SavingsNext next) SavingsBase(token, admin) {
        NEXT = next;
    }

    function closeDeposits() external {
        if (msg.sender != KEEPER) revert NotAllowed();
        depositsOpen = false;
    }

    /// @notice Moves what these accounts have now, with the tokens.
    function moveAll(address[] calldata accounts) external onlyAdmin {
        if (retired) revert Retired();
        for (uint256 i = 0; i < accounts.length; i++) {
            uint256 amount = balanceOf[accounts[i]];
            if (amount == 0) revert NothingToMove(accounts[i]);
            balanceOf[accounts[i]] = 0;
            totalSupply -= amount;
            if (!TOKEN.transfer(address(NEXT), amount)) revert NotAllowed();
            NEXT.receiveDeposit(accounts[i], amount);
        }
    }

    /// @notice The end of this contract.
    function retire() external onlyAdmin {
        retired = true;
    }
}

/// @notice The new savings.
contract SavingsNext is SavingsBase {
    address public legacy;

    constructor(Token token, address admin) SavingsBase(token, admin) {}

    function setLegacy(address account) external onlyAdmin {
        legacy = account;
    }

    function receiveDeposit(address account, uint256 amount) external {
        if (msg.sender != legacy) revert NotAllowed();
        balanceOf[account] += amount;
        totalSupply += amount;
    }
}
