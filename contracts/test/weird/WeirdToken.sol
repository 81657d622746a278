// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A pausable, owned token that bites where it is told to.
contract WeirdToken {
    mapping(address => uint256) public balanceOf;
    uint256 public totalSupply;
    address public owner;
    bool public paused;

    uint256 internal fee;
    bool internal returnsFalse;
    bool internal maxMeansBalance;
    bool internal pauseDoesNothing;
    bool internal unpauseReverts;
    bool internal unpauseDoesNothing;
    address internal secondOwner;

    constructor(address owner_) {
        owner = owner_;
    }

    modifier onlyOwner() {
        require(msg.sender == owner || (secondOwner != address(0) && msg.sender == secondOwner));
        _;
    }

    function set(address account, uint256 amount) external {
        totalSupply = totalSupply + amount - balanceOf[account];
        balanceOf[account] = amount;
    }

    function setSupply(uint256 supply) external {
        totalSupply = supply;
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function setReturnsFalse(bool on) external {
        returnsFalse = on;
    }

    function setMaxMeansBalance(bool on) external {
        maxMeansBalance = on;
    }

    function setPauseDoesNothing(bool on) external {
        pauseDoesNothing = on;
    }

    function setUnpauseReverts(bool on) external {
        unpauseReverts = on;
    }

    function setUnpauseDoesNothing(bool on) external {
        unpauseDoesNothing = on;
    }

    function setSecondOwner(address account) external {
        secondOwner = account;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        require(!paused);
        if (maxMeansBalance && amount == type(uint256).max) amount = balanceOf[msg.sender];
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount - fee;
        totalSupply -= fee;
        return !returnsFalse;
    }

    function pause() external onlyOwner {
        if (!pauseDoesNothing) paused = true;
    }

    function unpause() external onlyOwner {
        require(!unpauseReverts);
        if (!unpauseDoesNothing) paused = false;
    }

    function transferOwnership(address to) external onlyOwner {
        owner = to;
    }

    function renounceOwnership() external onlyOwner {
        owner = address(0);
    }
}
