// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Keeps ether for its depositors, and is being wound up.
contract Vault {
    address public immutable OPERATOR;
    mapping(address => uint256) public balanceOf;
    uint256 public totalSupply;

    error NotTheOperator();
    error NotPaid();

    constructor(address operator) {
        OPERATOR = operator;
    }

    function deposit() external payable {
        balanceOf[msg.sender] += msg.value;
        totalSupply += msg.value;
    }

    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        totalSupply -= amount;
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert NotPaid();
    }

    /// @notice Pays these holders out, all of them or none: until then each can withdraw. Again does nothing.
    function close(address[] calldata holders) external {
        if (msg.sender != OPERATOR) revert NotTheOperator();
        for (uint256 i = 0; i < holders.length; i++) {
            uint256 amount = balanceOf[holders[i]];
            if (amount == 0) continue;
            balanceOf[holders[i]] = 0;
            totalSupply -= amount;
            (bool paid,) = holders[i].call{value: amount}("");
            if (!paid) revert NotPaid();
        }
    }
}
