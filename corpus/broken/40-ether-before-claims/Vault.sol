// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A vault of ether. The operator moves its ether in one transaction, and its claims in others.
contract Vault {
    address public immutable OPERATOR;
    mapping(address => uint256) public balanceOf;
    mapping(address => bool) public isCredited;
    uint256 public totalSupply;

    error NotTheOperator();
    error NotPaid();

    modifier onlyOperator() {
        if (msg.sender != OPERATOR) revert NotTheOperator();
        _;
    }

    constructor(address operator) {
        OPERATOR = operator;
    }

    /// @notice Ether of another vault.
    receive() external payable {}

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

    /// @notice Sends all ether to another vault; the claims stay here, and nothing is left to pay them with.
    function move(Vault successor) external onlyOperator {
        (bool paid,) = address(successor).call{value: address(this).balance}("");
        if (!paid) revert NotPaid();
    }

    /// @notice Takes over the claim of a holder, once.
    function credit(Vault legacy, address holder) external onlyOperator {
        if (isCredited[holder]) return;
        isCredited[holder] = true;
        uint256 amount = legacy.take(holder);
        balanceOf[holder] += amount;
        totalSupply += amount;
    }

    /// @notice Ends the claim of a holder, for another vault of the same operator.
    function take(address holder) external returns (uint256 amount) {
        if (Vault(payable(msg.sender)).OPERATOR() != OPERATOR || tx.origin != OPERATOR) revert NotTheOperator();
        amount = balanceOf[holder];
        balanceOf[holder] = 0;
        totalSupply -= amount;
    }
}
